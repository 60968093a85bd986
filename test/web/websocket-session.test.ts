import assert from "node:assert/strict";
import { test } from "node:test";
import type { HandlerContext } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import type { WebSocketLimits } from "../../src/base/limits.ts";
import type { Problem } from "../../src/base/errors.ts";
import { describe } from "../../src/base/errors.ts";
import type { Transport, TransportEvents } from "../../src/transport/transport.ts";
import { MemoryEngine } from "../../src/hub/memory-engine.ts";
import { resolveSettings } from "../../src/web/settings.ts";
import type { ClosedConnection } from "../../src/web/access-log.ts";
import type { Environment } from "../../src/web/environment.ts";
import type { SessionRegistry } from "../../src/web/session-registry.ts";
import { WebSocketSession } from "../../src/web/websocket-session.ts";
import { deferred } from "../support/deferred.ts";

/** A transport that does only what the contract demands, and delivers when and what the test says. */
class FakeTransport implements Transport {
  readonly kind = "websocket";
  readonly subprotocol = "";
  readonly traffic = { messagesReceived: 0, bytesReceived: 0, messagesSent: 0, bytesSent: 0 };
  readonly bufferedAmount = 0;
  closeCode: number | undefined;
  closeReason = "";
  readonly calls: string[] = [];
  #events: TransportEvents | undefined;

  get isOpen(): boolean {
    return this.closeCode === undefined;
  }
  /** What the transport reports to. */
  get events(): TransportEvents {
    assert.ok(this.#events);
    return this.#events;
  }
  start(events: TransportEvents): void {
    this.#events = events;
  }
  sendText(): boolean {
    return this.isOpen;
  }
  sendBinary(): boolean {
    return this.isOpen;
  }
  sendShared(): boolean {
    return this.isOpen;
  }
  sendPing(): boolean {
    return this.isOpen;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  close(code = 1005, reason = ""): void {
    this.#close(code, reason, undefined);
  }
  fail(problem: Problem): void {
    this.#close(1011, problem.code, problem);
  }
  pauseReading(): void {
    this.calls.push("pause");
  }
  resumeReading(): void {
    this.calls.push("resume");
  }
  #close(code: number, reason: string, problem: Problem | undefined): void {
    if (!this.isOpen) return;
    this.closeCode = code;
    this.closeReason = reason;
    this.events.receiveClosing(problem);
  }
}

class Recorder extends WebSocketHandler {
  readonly calls: string[] = [];
  override onMessage(message: string | Uint8Array): void | Promise<void> {
    this.calls.push(`message ${String(message)}`);
  }
  override onPing(data: Uint8Array): void | Promise<void> {
    this.calls.push(`ping ${data.join()}`);
  }
  override onPong(data: Uint8Array) {
    this.calls.push(`pong ${data.join()}`);
  }
  override onClose(code: number, reason: string): void | Promise<void> {
    this.calls.push(`close ${code} ${reason}`);
  }
}

/** What a handler looks at when it is made. */
const context = {
  request: {},
  match: { params: {}, pathArgs: [] },
  environment: { settings: resolveSettings({}) },
} as unknown as HandlerContext;

function openSession(
  handler: Recorder,
  limits: Partial<WebSocketLimits> = {},
): { readonly transport: FakeTransport; readonly session: WebSocketSession; readonly observed: string[] } {
  const transport = new FakeTransport();
  const observed: string[] = [];
  const log = {
    failed: (_request: unknown, error: unknown) => observed.push(`failed ${String(error)}`),
    closed: (_request: unknown, { problem }: ClosedConnection) =>
      observed.push(`closed ${problem?.code ?? "without a problem"}`),
  };
  const environment = { settings: resolveSettings({ websocket: limits }), log, engine: new MemoryEngine() };
  const sessions = { add() {}, delete: () => observed.push("finished") };
  const session = new WebSocketSession(
    handler,
    transport,
    environment as unknown as Environment,
    sessions as unknown as SessionRegistry,
  );
  session.start();
  return { transport, session, observed };
}

/** Lets everything happen that is due. */
async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test("what a transport still delivers after close() or a failure is not handed over", () => {
  const closing = new Recorder(context);
  const { transport, observed } = openSession(closing);
  transport.events.receiveText("a", 1);
  closing.close(4000, "enough");
  transport.events.receiveText("b", 1);
  transport.events.receiveBinary(Uint8Array.of(1));
  transport.events.receivePing(Uint8Array.of(2));
  transport.events.receivePong(Uint8Array.of(3));
  transport.events.receiveClosed();
  assert.deepEqual(closing.calls, ["message a", "close 4000 enough"]);
  assert.deepEqual(observed, ["closed without a problem", "finished"]);

  class Failing extends Recorder {
    override onMessage() {
      throw new Error("broken");
    }
  }
  const failing = new Failing(context);
  const failed = openSession(failing);
  for (let i = 0; i < 3; i++) failed.transport.events.receiveText("a", 1);
  failed.transport.events.receivePing(Uint8Array.of(1));
  failed.transport.events.receiveClosed();
  assert.deepEqual(failing.calls, ["close 1011 WS_HANDLER_FAILED"]);
  assert.deepEqual(failed.observed, ["failed Error: broken", "closed WS_HANDLER_FAILED", "finished"]);
});

test("the queue pauses the transport once when it is full, and resumes it once when it is half empty", async () => {
  class Slow extends Recorder {
    next = deferred();
    override async onMessage(message: string | Uint8Array) {
      this.calls.push(String(message));
      this.next = deferred();
      await this.next.promise;
    }
  }
  for (const [limits, byteLength] of [
    [{ maxQueuedMessages: 4, maxQueuedBytes: 1_000_000 }, 1],
    [{ maxQueuedMessages: 1_000_000, maxQueuedBytes: 40 }, 10],
  ] as const) {
    const handler = new Slow(context);
    const { transport } = openSession(handler, limits);
    /** Lets the message that is being handled finish, and what follows from it happen. */
    const finishOne = async (): Promise<void> => {
      handler.next.resolve();
      await turn();
    };
    // The first is handed over at once; three wait, the fourth fills the queue, the fifth and sixth had been read.
    for (const [index, calls] of [[], [], [], [], ["pause"], ["pause"], ["pause"]].entries()) {
      transport.events.receiveText(String(index), byteLength);
      assert.deepEqual(transport.calls, calls, `after message ${index}`);
    }
    // Six wait: it is read again when two are left.
    for (const calls of [["pause"], ["pause"], ["pause"], ["pause", "resume"], ["pause", "resume"]]) {
      await finishOne();
      assert.deepEqual(transport.calls, calls, `while ${handler.calls.length - 1} is handled`);
    }
    for (let i = 0; i < 3; i++) await finishOne();
    assert.deepEqual(handler.calls, ["0", "1", "2", "3", "4", "5", "6"]);
    assert.equal(transport.calls.length, 2);
  }
});

test("the end waits for the hook that is running, and is reported once", async () => {
  const working = deferred();
  class Slow extends Recorder {
    override async onMessage(message: string | Uint8Array) {
      this.calls.push(String(message));
      await working.promise;
    }
  }
  const handler = new Slow(context);
  const { transport, session, observed } = openSession(handler);
  transport.events.receiveText("a", 1);
  transport.events.receiveText("b", 1);
  const { signal } = handler;
  assert.equal(signal.aborted, false);
  // The server closes: what has arrived is still handed over.
  session.fail(describe("SERVER_CLOSING", {}));
  assert.equal(signal.aborted, true);
  transport.events.receiveClosed();
  assert.deepEqual(observed, ["closed SERVER_CLOSING"]);
  assert.deepEqual(handler.calls, ["a"]);
  working.resolve();
  await turn();
  assert.deepEqual(handler.calls, ["a", "b", "close 1011 SERVER_CLOSING"]);
  assert.deepEqual(observed, ["closed SERVER_CLOSING", "finished"]);
});

test("a hook that finishes after the end does not bring about another end", async () => {
  const pinging = deferred();
  class Slow extends Recorder {
    override async onPing() {
      await pinging.promise;
    }
  }
  const handler = new Slow(context);
  const { transport, observed } = openSession(handler);
  transport.events.receivePing(Uint8Array.of(1));
  transport.close(1000);
  transport.events.receiveClosed();
  assert.deepEqual(handler.calls, ["close 1000 "]);
  pinging.resolve();
  await turn();
  assert.deepEqual(handler.calls, ["close 1000 "]);
  assert.deepEqual(observed, ["closed without a problem", "finished"]);
});

test("an onClose that fails is reported, and has finished", async () => {
  for (const how of ["sync", "async"] as const) {
    class Failing extends Recorder {
      override onClose(): void | Promise<void> {
        if (how === "sync") throw new Error(how);
        return Promise.reject(new Error(how));
      }
    }
    const { transport, observed } = openSession(new Failing(context));
    transport.close(1000);
    transport.events.receiveClosed();
    await turn();
    assert.deepEqual(observed, ["closed without a problem", `failed Error: ${how}`, "finished"]);
  }
});

test("a promise of another make than the language's own is awaited, too", async () => {
  const settle: { resolve?: () => void } = {};
  const thenable = {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    then: (resolve: () => void) => {
      settle.resolve = resolve;
    },
  };
  class Borrowing extends Recorder {
    override onMessage(message: string | Uint8Array) {
      void super.onMessage(message);
      return thenable as unknown as Promise<void>;
    }
  }
  const handler = new Borrowing(context);
  const { transport } = openSession(handler);
  transport.events.receiveText("a", 1);
  transport.events.receiveText("b", 1);
  await turn();
  assert.deepEqual(handler.calls, ["message a"]);
  settle.resolve?.();
  await turn();
  assert.deepEqual(handler.calls, ["message a", "message b"]);
});

test("a thenable that settles at once, against the rules of promises, hands nothing over twice", async () => {
  const opening = deferred();
  class Hasty extends Recorder {
    override open() {
      return opening.promise;
    }
    override onMessage(message: string | Uint8Array) {
      void super.onMessage(message);
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
        then: (resolve: () => void) => resolve(),
      } as unknown as Promise<void>;
    }
  }
  const handler = new Hasty(context);
  const { transport, observed } = openSession(handler);
  for (const text of ["a", "b", "c"]) transport.events.receiveText(text, 1);
  opening.resolve();
  await turn();
  assert.deepEqual(handler.calls, ["message a", "message b", "message c"]);
  transport.events.receiveText("d", 1);
  await turn();
  assert.equal(handler.calls.at(-1), "message d");
  assert.deepEqual(observed, []);
});

test("handing over a long queue does not move it each time", async () => {
  class Slow extends Recorder {
    override onMessage() {
      return Promise.resolve();
    }
  }
  const { transport } = openSession(new Slow(context));
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, and applied to its array
  const { splice } = Array.prototype;
  let splices = 0;
  // oxlint-disable-next-line no-extend-native -- only while this test counts
  Array.prototype.splice = function (this: unknown[], ...args: unknown[]): unknown[] {
    splices++;
    return Reflect.apply(splice, this, args) as unknown[];
  } as typeof splice;
  for (let i = 0; i < 10_000; i++) transport.events.receiveText("a", 1);
  for (let i = 0; i < 20; i++) await turn();
  // oxlint-disable-next-line no-extend-native -- as it was
  Array.prototype.splice = splice;
  assert.deepEqual(transport.calls, ["pause", "resume"]);
  assert.ok(splices < 50, `${splices} splices`);
});

test("pings that are still being handled count as waiting", async () => {
  const handled = deferred();
  class Slow extends Recorder {
    override onPing() {
      return handled.promise;
    }
  }
  const { transport } = openSession(new Slow(context), { maxQueuedMessages: 3 });
  for (let i = 0; i < 3; i++) transport.events.receivePing(Uint8Array.of(i));
  assert.deepEqual(transport.calls, ["pause"]);
  handled.resolve();
  await turn();
  assert.deepEqual(transport.calls, ["pause", "resume"]);
});
