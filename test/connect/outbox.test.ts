import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../src/index.ts";
import { Outbox } from "../../src/connect/outbox.ts";
import { runEcho } from "../support/echo-server.ts";

function recorded(bytesMax = 100): { outbox: Outbox; sent: string[] } {
  const sent: string[] = [];
  const target = {
    sendText: (text: string): unknown => sent.push(text),
    sendBinary: (bytes: Uint8Array): unknown => sent.push(Buffer.from(bytes).toString()),
    overflow: (bytes: number): unknown => sent.push(`overflow ${bytes}`),
    fail: (error: unknown): unknown => sent.push(`fail ${String(error)}`),
  };
  return { outbox: new Outbox(target, bytesMax), sent };
}

test("without Blobs everything passes at once; behind one it waits, and is counted", async () => {
  const { outbox, sent } = recorded();
  outbox.sendText("1");
  outbox.sendBinary(Buffer.from("2"));
  outbox.after(() => sent.push("3"));
  assert.deepEqual([sent, outbox.bytes], [["1", "2", "3"], 0]);
  await outbox.emptied();
  outbox.sendBlob(new Blob(["blob"]));
  outbox.sendText("é");
  outbox.sendBlob(new Blob(["b"]));
  outbox.sendBinary(Buffer.from("bin"));
  outbox.after(() => sent.push("end"));
  assert.deepEqual([sent.length, outbox.bytes], [3, 4 + 2 + 1 + 3]);
  await outbox.emptied();
  assert.deepEqual(sent.slice(3), ["blob", "é", "b", "bin", "end"]);
  assert.equal(outbox.bytes, 0);
  outbox.sendText("at once");
  assert.equal(sent.at(-1), "at once");
});

test("a Blob that cannot be read stops what stands behind it", async () => {
  const { outbox, sent } = recorded();
  class Broken extends Blob {
    override arrayBuffer(): Promise<never> {
      return Promise.reject(new Error("the file has changed"));
    }
  }
  outbox.sendBlob(new Broken(["12345"]));
  outbox.sendText("behind");
  await outbox.emptied();
  assert.deepEqual([sent, outbox.bytes], [["fail Error: the file has changed"], 0]);
});

test("a Blob of any size may wait, but not much behind it", async () => {
  const { outbox, sent } = recorded(3);
  outbox.sendBlob(new Blob(["four"]));
  assert.deepEqual(sent, []);
  outbox.sendText("x");
  assert.deepEqual(sent, ["overflow 5"]);
  await outbox.emptied();
});

test("such a failure, and such an overflow, close the connection with an error", async (context) => {
  const { url } = await runEcho(context);
  class Broken extends Blob {
    override arrayBuffer(): Promise<never> {
      return Promise.reject(new Error("the file has changed"));
    }
  }
  const socket = await connect(url);
  socket.send(new Broken(["1"]));
  const read = async (): Promise<void> => {
    for await (const message of socket) assert.fail(`${String(message)} came`);
  };
  await assert.rejects(read(), { code: "CONNECTION_CLOSED", cause: new Error("the file has changed") });
  const full = await connect(url, { maxSendQueueBytes: 10 });
  full.send(new Blob(["x".repeat(20)]));
  full.send("behind");
  const reading = full[Symbol.asyncIterator]().next();
  await assert.rejects(reading, {
    code: "CONNECTION_CLOSED",
    message: /26 bytes wait to be read by a slow peer/,
  });
});
