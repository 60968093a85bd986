/** What a stranger sends, or a logger does, must not forge, flood or break the log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Application, WebSocketHandler } from "../../src/index.ts";
import { startApplication, TestClient } from "../../src/testing/index.ts";
import { stackOf } from "../../src/web/access-log.ts";

test("no line of an exception looks like a line of the log, or moves a terminal's cursor", () => {
  const forged = "x\n[I 261122 10:00:00 web] 200 GET /admin (10.0.0.1) 1.00ms\u001B[2J";
  const lines = stackOf(new Error(`unknown command ${forged}`)).split("\n");
  assert.equal(lines[0], "Error: unknown command x");
  assert.equal(lines[1], String.raw`    [I 261122 10:00:00 web] 200 GET /admin (10.0.0.1) 1.00ms\x1b[2J`);
  assert.ok(lines.slice(1).every((line) => line.startsWith("    ")));
});

test("a stack has an end", () => {
  assert.ok(stackOf(new Error("line\n".repeat(10_000))).split("\n").length <= 50);
  assert.ok(stackOf(new Error("x".repeat(100_000))).length < 10_000);
});

test("a logger that throws breaks nothing, and is reported once", async (context) => {
  const { mock } = context.mock.method(process, "emitWarning", () => {});
  const fail = (): never => {
    throw new Error("the disk is full");
  };
  const closed: number[] = [];
  class Echo extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      this.writeMessage(message);
    }
    override onClose(code: number) {
      closed.push(code);
    }
  }
  const logger = { debug: fail, info: fail, warn: fail, error: fail };
  const server = await startApplication(new Application([["/ws", Echo]], { logger }));
  const client = await TestClient.connect(`${server.url}/ws`);
  client.send("hello");
  assert.equal(await client.nextMessage(), "hello");
  await client.close(1000);
  assert.equal((await fetch(`${server.url}/missing`)).status, 404);
  await server.close();
  assert.deepEqual(closed, [1000]);
  assert.equal(mock.callCount(), 1);
  assert.match(String(mock.calls[0]?.arguments[0]), /^the logger threw: Error: the disk is full/);
});

test("an error whose stack is no text is described all the same", () => {
  const strange = Object.assign(new Error("strange"), { stack: ["a call site"] as unknown as string });
  assert.equal(stackOf(strange), "Error: strange");
  const hostile = new Error("hostile");
  Object.defineProperty(hostile, "stack", {
    get() {
      throw new Error("no stack");
    },
  });
  assert.equal(stackOf(hostile), "an error that cannot be described was thrown");
});
