import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedMessage } from "../../../src/protocol/websocket/shared-message.ts";
import {
  encodeControl,
  encodeMessage,
  encodeShared,
} from "../../../src/transport/session/record-encoding.ts";

test("a message is an event in a stream, and a line for whoever polls", () => {
  // Bytes in the middle of memory that has others beside them.
  const bytes = new Uint8Array(Buffer.from("xabcx")).subarray(1, 4);
  assert.equal(encodeMessage("sse", "a"), "data: a\n\n");
  assert.equal(encodeMessage("sse", bytes), 'event: record\ndata: {"binary":"YWJj"}\n\n');
  assert.equal(encodeControl("sse", "ping", bytes), 'event: record\ndata: {"ping":"YWJj"}\n\n');
  for (const kind of ["polling", "long-polling"] as const) {
    assert.equal(encodeMessage(kind, "a"), '"a"');
    assert.equal(encodeMessage(kind, bytes), '{"binary":"YWJj"}');
    assert.equal(encodeControl(kind, "pong", new Uint8Array()), '{"pong":""}');
  }
});

test("a shared message looks the same, and is encoded once for all streams and once for all who poll", (context) => {
  for (const data of ["a", new Uint8Array([1, 2])]) {
    const message = new SharedMessage(data);
    for (const kind of ["sse", "polling", "long-polling"] as const) {
      assert.equal(encodeShared(kind, message), encodeMessage(kind, data));
    }
  }
  const stringify = context.mock.method(JSON, "stringify");
  const message = new SharedMessage("many");
  for (let i = 0; i < 10; i++) encodeShared(i % 2 === 0 ? "polling" : "long-polling", message);
  assert.equal(stringify.mock.callCount(), 1);
});
