import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { readRequestBody } from "../../src/transport/request-body.ts";

/** A request whose body the test pushes. */
function requestOf(length?: number): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  if (length !== undefined) request.headers["content-length"] = String(length);
  return request;
}

test("a body is read whole, in however many pieces it comes", async () => {
  for (const pieces of [[], ["abc"], ["a", "", "bc"]]) {
    const request = requestOf();
    const body = readRequestBody(request, 3);
    for (const piece of pieces) if (piece !== "") request.push(piece);
    request.push(null);
    const bytes = await body;
    assert.ok(bytes instanceof Uint8Array);
    assert.equal(Buffer.from(bytes).toString(), pieces.join(""));
    assert.deepEqual(["data", "end", "close"].map((name) => request.listenerCount(name)), [0, 0, 0]); // prettier-ignore
  }
});

test("a body is too long by what it says of itself, without reading it, or by what comes", async () => {
  const told = requestOf(4);
  const problem = await readRequestBody(told, 3);
  assert.ok(problem !== undefined && "code" in problem);
  assert.deepEqual([problem.code, told.readableFlowing], ["BODY_TOO_LARGE", null]);
  const request = requestOf();
  const body = readRequestBody(request, 3);
  request.push("ab");
  request.push("cd");
  const found = await body;
  assert.ok(found !== undefined && "code" in found);
  assert.match(found.message, /longer than 3 bytes/);
});

test("a client that leaves before the end leaves nothing", async () => {
  const request = requestOf(4);
  const body = readRequestBody(request, 10);
  request.push("ab");
  request.destroy();
  assert.equal(await body, undefined);
});
