/** What a fuzzed connection goes through: a stream, and a program that sends, closes and fails meanwhile. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { ErrorCode } from "../../src/base/errors.ts";
import { describe } from "../../src/base/errors.ts";
import type { Role } from "../../src/protocol/websocket/frame-parser.ts";
import { SharedMessage } from "../../src/protocol/websocket/shared-message.ts";
import type { Agreement, Mutation, Saying } from "../support/fuzz-stream.ts";
import { agreement, codecOf, encodeSayings, mutate, mutations, sayings } from "../support/fuzz-stream.ts";
import { RecordedConnection, toHex } from "../support/recording.ts";

/** What the program does with its end. */
type Call =
  | { readonly kind: "text" | "shared"; readonly message: string; readonly compress: boolean }
  | { readonly kind: "binary"; readonly message: Uint8Array; readonly compress: boolean }
  | { readonly kind: "ping"; readonly payload: Uint8Array }
  | { readonly kind: "close"; readonly code: number | undefined; readonly reason: string }
  | { readonly kind: "fail"; readonly code: "WS_HANDLER_FAILED" | "SERVER_CLOSING" }
  | { readonly kind: "end" };

/** A call, and where in the stream it comes: between two bytes, or inside of the n-th event. */
interface Placed {
  readonly call: Call;
  readonly place: number;
}

/** All that happens to a connection. */
export interface Scenario {
  readonly role: Role;
  readonly agreed: Agreement;
  readonly maxMessageBytes: number;
  readonly accepts: "any" | "text" | "binary";
  readonly stream: Uint8Array;
  /** Calls between bytes, by fraction of the stream. */
  readonly calls: readonly Placed[];
  /** Calls inside of events, by the number of the event. */
  readonly reactions: readonly Placed[];
}

const noise = createHash("shake256", { outputLength: 100 }).update("noise").digest();
const words = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.constantFrom("", "a".repeat(130), "é".repeat(40_000), "the same words each time"),
);
const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("text" as const), message: words, compress: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("shared" as const), message: words, compress: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("binary" as const),
      message: fc.oneof(
        fc.uint8Array({ maxLength: 140, size: "max" }),
        fc.constant(new Uint8Array(70_000).fill(9)),
        // It cannot be compressed, and may be referred to when it comes again.
        fc.constant(noise),
      ),
      compress: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("ping" as const), payload: fc.uint8Array({ maxLength: 125 }) }),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        kind: fc.constant("close" as const),
        code: fc.constantFrom(undefined, 1000, 1001, 3000, 4999),
        reason: fc.string({ maxLength: 30 }),
      })
      .map(({ kind, code, reason }) => ({ kind, code, reason: code === undefined ? "" : reason })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      code: fc.constantFrom("WS_HANDLER_FAILED", "SERVER_CLOSING"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
);
const places = fc.array(fc.record({ call, place: fc.double({ min: 0, max: 1, noNaN: true }) }), {
  maxLength: 6,
});
const reactions = fc.array(fc.record({ call: call.filter(({ kind }) => kind !== "end"), place: fc.nat(8) }), {
  maxLength: 3,
});
const garbage = fc.uint8Array({ maxLength: 300, size: "max" });

/** Scenarios for one end of a connection. */
export function scenario(role: Role): fc.Arbitrary<Scenario> {
  const said = (list: readonly Saying[], agreed: Agreement, damage: readonly Mutation[]): Uint8Array =>
    mutate(Buffer.concat(encodeSayings(role, list, agreed)), damage);
  return agreement.chain((agreed) =>
    fc.record({
      role: fc.constant(role),
      agreed: fc.constant(agreed),
      maxMessageBytes: fc.constantFrom(0, 1, 40, 200, 100_000),
      accepts: fc.constantFrom("any", "any", "any", "text", "binary"),
      stream: fc.oneof(
        {
          weight: 6,
          arbitrary: fc.tuple(sayings, mutations).map(([list, damage]) => said(list, agreed, damage)),
        },
        { weight: 1, arbitrary: garbage },
      ),
      calls: places,
      reactions,
    }),
  );
}

/** A connection that also does what the scenario says inside of its events. */
class FuzzedConnection extends RecordedConnection {
  readonly #role: Role;
  readonly #reactions: readonly Placed[];
  #eventCount = 0;
  /** What was sent, as the peer must receive it. */
  readonly sent: string[] = [];

  constructor(given: Scenario) {
    const { role, agreed, maxMessageBytes, accepts } = given;
    super(role, { maxMessageBytes, accepts, codec: codecOf(role, agreed) });
    this.#role = role;
    this.#reactions = given.reactions;
  }

  perform(todo: Call): void {
    const { connection } = this;
    const wasOpen = connection.state === "open";
    switch (todo.kind) {
      case "text":
        this.#expect(connection.sendText(todo.message, todo.compress), wasOpen, "text", todo.message);
        break;
      case "shared":
        if (this.#role === "client") return;
        this.#expect(
          connection.sendShared(new SharedMessage(todo.message, todo.compress)),
          wasOpen,
          "text",
          todo.message,
        );
        break;
      case "binary":
        this.#expect(connection.sendBinary(todo.message, todo.compress), wasOpen, "binary", todo.message);
        break;
      case "ping":
        assert.equal(connection.sendPing(todo.payload), wasOpen);
        break;
      case "close":
        connection.close(todo.code, todo.reason);
        assert.notEqual(connection.state, "open");
        break;
      case "fail":
        connection.fail(describe(todo.code, {}));
        assert.equal(connection.state, "closed");
        break;
      case "end":
        connection.receiveEnd();
        assert.equal(connection.state, "closed");
        break;
    }
  }

  #expect(result: number, wasOpen: boolean, kind: string, message: string | Uint8Array): void {
    assert.equal(result, wasOpen ? Buffer.byteLength(message) : -1);
    if (wasOpen) this.sent.push(`${kind} ${typeof message === "string" ? message : toHex(message)}`);
  }

  #react(): void {
    const count = this.#eventCount++;
    for (const { call: todo, place } of this.#reactions) if (place === count) this.perform(todo);
  }

  override receiveText(text: string, byteLength: number): void {
    super.receiveText(text, byteLength);
    this.#react();
  }

  override receiveBinary(bytes: Uint8Array): void {
    super.receiveBinary(bytes);
    this.#react();
  }

  override receivePing(payload: Uint8Array): void {
    super.receivePing(payload);
    this.#react();
  }

  override receivePong(payload: Uint8Array): void {
    super.receivePong(payload);
    this.#react();
  }
}

/** Everything that can be seen of a connection from outside. */
export interface Seen {
  readonly events: readonly string[];
  readonly output: Uint8Array;
  readonly sent: readonly string[];
  readonly state: string;
  readonly closeCode: number | undefined;
  readonly closeReason: string;
  readonly problem: ErrorCode | undefined;
}

/** Runs a scenario; `cut` says how the bytes between two calls are cut. */
export function run(given: Scenario, cut: (bytes: Uint8Array) => Uint8Array[]): Seen {
  const peer = new FuzzedConnection(given);
  const { stream } = given;
  const calls = given.calls.toSorted((a, b) => a.place - b.place);
  let at = 0;
  for (const { call: todo, place } of calls) {
    const end = Math.floor(place * stream.length);
    peer.receive(...cut(stream.subarray(at, end)));
    peer.perform(todo);
    at = end;
  }
  peer.receive(...cut(stream.subarray(at)));
  const { state, closeCode, closeReason } = peer.connection;
  const { sent, problem } = peer;
  const events = peer.takeEvents();
  const output = peer.takeBytes();
  // Nothing changes any more, and the timers of a codec's streams are freed.
  peer.connection.receiveEnd();
  return { events, output, sent, state, closeCode, closeReason, problem: problem?.code };
}
