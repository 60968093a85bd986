import assert from "node:assert/strict";
import { test } from "node:test";
import { findRecordFault } from "../../../src/transport/session/record-check.ts";

/** A record of so many bytes. */
function bytes(kind: "binary" | "ping" | "pong", length: number) {
  return { kind, base64: Buffer.alloc(length).toString("base64") } as const;
}

test("a message may have as many bytes as over a WebSocket", () => {
  const text = (data: string) => findRecordFault({ kind: "text", data }, "any", 10)?.code;
  assert.equal(text("é".repeat(5)), undefined);
  assert.equal(text(`${"é".repeat(5)}!`), "WS_MESSAGE_TOO_BIG");
  for (const length of [0, 8, 9, 10]) {
    assert.equal(findRecordFault(bytes("binary", length), "any", 10), undefined);
  }
  assert.equal(findRecordFault(bytes("binary", 11), "any", 10)?.code, "WS_MESSAGE_TOO_BIG");
});

test("a handler that accepts one type gets no other, but pings and pongs", () => {
  const found = (kind: "binary" | "text", accepted: "binary" | "text") =>
    findRecordFault(kind === "text" ? { kind, data: "" } : bytes(kind, 0), accepted, 10)?.code;
  assert.deepEqual([found("text", "text"), found("binary", "binary")], [undefined, undefined]);
  assert.equal(found("text", "binary"), "WS_MESSAGE_TYPE_REFUSED");
  assert.equal(found("binary", "text"), "WS_MESSAGE_TYPE_REFUSED");
  assert.equal(findRecordFault(bytes("ping", 1), "text", 10), undefined);
  assert.equal(findRecordFault(bytes("pong", 1), "binary", 10), undefined);
});

test("a ping or pong has 125 bytes at most (RFC 6455 §5.5), whatever a message may have", () => {
  for (const kind of ["ping", "pong"] as const) {
    assert.equal(findRecordFault(bytes(kind, 125), "any", 10), undefined);
    assert.equal(findRecordFault(bytes(kind, 126), "any", 1000)?.code, "WS_CONTROL_TOO_LONG");
  }
});
