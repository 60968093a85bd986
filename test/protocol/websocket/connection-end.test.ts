import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe } from "../../../src/base/errors.ts";
import type { WebSocketConnection } from "../../../src/protocol/websocket/connection.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import {
  assertEnding,
  everyChunking,
  peerFrame,
  RecordedConnection,
  roles,
  toHex,
} from "../../support/recording.ts";

const { continuation, text, binary, close, ping, pong } = Opcode;

function fail(connection: WebSocketConnection): void {
  connection.fail(describe("WS_HANDLER_FAILED", {}));
}

function receiveEnd(connection: WebSocketConnection): void {
  connection.receiveEnd();
}

/** Collects what nothing holds any more. The flag is set late, since only this file needs it. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

test("what comes after the end is not even unmasked", () => {
  const endings: readonly ((connection: WebSocketConnection) => void)[] = [
    (connection) => connection.receive(peerFrame("server", { opcode: close })),
    (connection) => connection.receive(peerFrame("server", { opcode: 15 })),
    fail,
    receiveEnd,
  ];
  for (const end of endings) {
    const { connection } = new RecordedConnection("server");
    end(connection);
    const late = peerFrame("server", { opcode: binary, payload: "late" });
    const before = toHex(late);
    connection.receive(late);
    assert.equal(toHex(late), before, String(end));
  }
});

test("a connection that has ended holds nothing of what was coming in", async (context) => {
  const blocks: WeakRef<ArrayBufferLike>[] = [];
  const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow", (size: number) => {
    const block = allocate(size);
    blocks.push(new WeakRef(block.buffer));
    return block;
  });
  const fragment = peerFrame("server", { opcode: binary, payload: "abc", fin: false });
  const halfOfPing = peerFrame("server", { opcode: ping, payload: "abcdef" }).slice(0, -3);
  const endings: readonly (readonly [Uint8Array, (connection: WebSocketConnection) => void])[] = [
    [fragment, (connection) => connection.close(1000)],
    [fragment, (connection) => connection.receive(peerFrame("server", { opcode: close }))],
    [fragment, fail],
    [fragment, receiveEnd],
    [halfOfPing, fail],
    [halfOfPing, receiveEnd],
  ];
  const peers = endings.map(([start, end]) => {
    const peer = new RecordedConnection("server").receive(start);
    end(peer.connection);
    return peer;
  });
  // What a WeakRef refers to is kept until the turn of the event loop is over.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  // The mock has kept them, too.
  assert.equal(mock.callCount(), endings.length);
  mock.resetCalls();
  collectGarbage();
  assert.deepEqual(
    blocks.map((block) => block.deref()?.byteLength),
    endings.map(() => undefined),
  );
  // Their connections are still there.
  assert.equal(peers.length, endings.length);
});

for (const role of roles) {
  test(`a ${role} tells the peer nothing about what failed on its own side`, () => {
    const peer = new RecordedConnection(role);
    peer.connection.fail(describe("WS_HANDLER_FAILED", {}));
    assert.deepEqual(peer.takeEvents(), ["closing WS_HANDLER_FAILED"]);
    assert.deepEqual(peer.takeFrames(), ["close 1011"]);
    assert.equal(peer.connection.closeCode, 1011);
    assert.equal(peer.connection.closeReason, "");
  });

  test(`a ${role} fails for reasons that are not the peer's with their own codes`, () => {
    const peer = new RecordedConnection(role);
    const problem = describe("SLOW_CONSUMER", { buffered: 2, limit: 1 });
    peer.connection.fail(problem);
    assert.equal(peer.problem, problem);
    assert.deepEqual(peer.takeFrames(), ["close 1013 SLOW_CONSUMER"]);
    assert.equal(peer.connection.state, "closed");
  });

  test(`a ${role} whose transport ends without a close frame reports 1006, once`, () => {
    const peer = new RecordedConnection(role).receive({ opcode: text, payload: "a", fin: false });
    peer.connection.receiveEnd();
    peer.connection.receiveEnd();
    assert.deepEqual(peer.takeEvents(), ["closing"]);
    assert.deepEqual(peer.takeFrames(), []);
    assertEnding(peer.connection, "closed", 1006);
  });

  test(`a ${role} whose transport ends after a close frame keeps what that said`, () => {
    const closing = new RecordedConnection(role);
    closing.connection.close(1001, "bye");
    closing.connection.receiveEnd();
    assert.deepEqual(closing.takeEvents(), ["closing"]);
    assertEnding(closing.connection, "closed", 1001, "bye");
    const closed = new RecordedConnection(role).receive({ opcode: close });
    closed.connection.receiveEnd();
    assert.deepEqual(closed.takeEvents(), ["closing"]);
    assertEnding(closed.connection, "closed", 1005);
  });

  test(`a ${role} that fails once does not fail again`, () => {
    const peer = new RecordedConnection(role);
    const problem = describe("HEARTBEAT_TIMEOUT", { limit: 1 });
    peer.connection.fail(problem);
    peer.connection.fail(describe("WS_HANDLER_FAILED", {}));
    peer.connection.close(1000);
    peer.connection.receiveEnd();
    peer.receive({ opcode: text, payload: "a" });
    assert.equal(peer.problem, problem);
    assert.deepEqual(peer.takeEvents(), ["closing HEARTBEAT_TIMEOUT"]);
    assert.deepEqual(peer.takeFrames(), ["close 1001 HEARTBEAT_TIMEOUT"]);
    assertEnding(peer.connection, "closed", 1001, "HEARTBEAT_TIMEOUT");
  });

  test(`a ${role} that fails or is cut off while closing is closed without another event`, () => {
    const peer = new RecordedConnection(role);
    peer.connection.close(4000);
    peer.connection.fail(describe("WS_HANDLER_FAILED", {}));
    assert.deepEqual(peer.takeEvents(), ["closing"]);
    assert.deepEqual(peer.takeFrames(), ["close 4000"]);
    assertEnding(peer.connection, "closed", 4000);
  });

  test(`a ${role} may be closed, failed or ended from inside each event`, () => {
    const bytes = Buffer.concat(
      [
        { opcode: text, payload: "a" },
        { opcode: binary, payload: "b" },
        { opcode: ping, payload: "c" },
        { opcode: pong, payload: "d" },
        { opcode: text, payload: "e", fin: false },
        { opcode: continuation, payload: "f" },
      ].map((frame) => peerFrame(role, frame)),
    );
    const all = ["text a", "binary 62", "ping 63", "pong 64", "text ef"];
    const endings: readonly (readonly [string, (connection: WebSocketConnection) => void, string])[] = [
      ["closing", (connection) => connection.close(1000), "closing"],
      [
        "closed",
        (connection) => connection.fail(describe("WS_HANDLER_FAILED", {})),
        "closing WS_HANDLER_FAILED",
      ],
      ["closed", (connection) => connection.receiveEnd(), "closing"],
    ];
    for (const [count, event] of all.entries()) {
      for (const [state, end, last] of endings) {
        for (const chunks of everyChunking(new Uint8Array(bytes))) {
          const peer = new RecordedConnection(role);
          const seen: string[] = [];
          const wrap = <Args extends unknown[]>(method: (...args: Args) => void) => {
            return (...args: Args): void => {
              method.apply(peer, args);
              seen.push(...peer.takeEvents());
              if (seen.at(-1) === event) end(peer.connection);
            };
          };
          peer.receiveText = wrap(peer.receiveText.bind(peer));
          peer.receiveBinary = wrap(peer.receiveBinary.bind(peer));
          peer.receivePing = wrap(peer.receivePing.bind(peer));
          peer.receivePong = wrap(peer.receivePong.bind(peer));
          peer.receive(...chunks);
          assert.deepEqual([...seen, ...peer.takeEvents()], [...all.slice(0, count + 1), last], event);
          assert.equal(peer.connection.state, state);
        }
      }
    }
  });
}
