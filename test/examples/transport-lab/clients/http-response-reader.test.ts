import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { HttpResponseReader } from "../../../../examples/transport-lab/clients/http-response-reader.ts";

/** What a reader finds, in pieces of `size` bytes; what is read of a body is put together. */
function read(text: string, size: number): readonly string[] {
  const found: string[] = [];
  const reader = new HttpResponseReader({
    receiveHead: (status) => found.push(`${status}`, ""),
    receiveBody: (bytes) => found.push((found.pop() ?? "") + bytes.toString("latin1")),
    receiveEnd: () => found.push("end"),
  });
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += size) reader.receive(bytes.subarray(at, at + size));
  return found;
}

const counted = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello";
const chunked =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nb;x=y\r\n\r\n, world\r\n\r\n0\r\n\r\n";
const cases: readonly (readonly [name: string, text: string, found: readonly string[]])[] = [
  ["a body with a length", counted, ["200", "hello", "end"]],
  ["no body", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", ["404", "", "end"]],
  ["chunks", chunked, ["200", "hello\r\n, world\r\n", "end"]],
  [
    "one after the other",
    counted + chunked + counted,
    ["200", "hello", "end", "200", "hello\r\n, world\r\n", "end", "200", "hello", "end"],
  ],
  [
    "an upgrade, and what is behind it",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi",
    ["101", "\x81\x02hi"],
  ],
];

suite("responses are read", () => {
  for (const [name, text, found] of cases) {
    test(name, () => {
      for (const size of [1, 2, 7, 10_000]) assert.deepEqual(read(text, size), found, `in pieces of ${size}`);
    });
  }

  test("not when they are none", () => {
    assert.throws(() => read("SSH-2.0\r\n\r\n", 100), /HTTP\/1\.1/);
  });
});
