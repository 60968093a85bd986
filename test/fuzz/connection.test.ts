/**
 * The protocol core under everything at once: streams that are right, damaged or nothing at all, cut anywhere, while the
 * program sends, closes and fails, between reads and inside of events.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import fc from "fast-check";
import type { ErrorCode } from "../../src/base/errors.ts";
import { errorTable } from "../../src/base/errors.ts";
import { isSendableCloseCode } from "../../src/protocol/websocket/close-code.ts";
import type { Role } from "../../src/protocol/websocket/frame-parser.ts";
import { codecOf } from "../support/fuzz-stream.ts";
import { checkProperty } from "../support/property.ts";
import { chunksOf, RecordedConnection, repeated, roles } from "../support/recording.ts";
import type { Scenario } from "./scenario.ts";
import { run, scenario } from "./scenario.ts";

/** Every code that a peer can cause, with those of the calls above. */
const problemCodes = new Set<ErrorCode>([
  "WS_RESERVED_BITS",
  "WS_OPCODE_UNKNOWN",
  "WS_MASK_MISSING",
  "WS_MASK_UNEXPECTED",
  "WS_LENGTH_INVALID",
  "WS_CONTROL_TOO_LONG",
  "WS_CONTROL_FRAGMENTED",
  "WS_CONTINUATION_UNEXPECTED",
  "WS_CONTINUATION_EXPECTED",
  "WS_CLOSE_INVALID",
  "WS_TEXT_INVALID",
  "WS_MESSAGE_TYPE_REFUSED",
  "WS_MESSAGE_TOO_BIG",
  "WS_DEFLATE_INVALID",
  "WS_HANDLER_FAILED",
  "SERVER_CLOSING",
]);

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60, size: "max" });

for (const role of roles) {
  test(`a ${role}: any chunking gives the same events, whatever the program does meanwhile`, (context) => {
    check(context, role, (given, cuts) => {
      const whole = run(given, (bytes) => [bytes]);
      assert.deepEqual(
        run(given, (bytes) => chunksOf(bytes, repeated(1, bytes.length))),
        whole,
      );
      assert.deepEqual(
        run(given, (bytes) => chunksOf(bytes, cuts)),
        whole,
      );
    });
  });

  test(`a ${role}: ends once, with a documented code, and receives nothing afterwards`, (context) => {
    check(context, role, (given, cuts) => {
      const seen = run(given, (bytes) => chunksOf(bytes, cuts));
      const { events, state, closeCode, problem } = seen;
      const closings = events.filter((event) => event.startsWith("closing"));
      if (state === "open") {
        assert.deepEqual([closings, closeCode, problem], [[], undefined, undefined]);
        return;
      }
      assert.equal(closings.length, 1);
      assert.match(events.at(-1) ?? "", /^closing/);
      if (problem === undefined) {
        assert.ok(
          closeCode === 1005 || closeCode === 1006 || isSendableCloseCode(closeCode ?? 0),
          `${closeCode}`,
        );
      } else {
        assert.ok(problemCodes.has(problem), problem);
        // Where the connection had begun to close before, that is what its code says.
        if (events.at(-1) === `closing ${problem}`) assert.equal(closeCode, errorTable[problem].closeCode);
      }
    });
  });

  test(`a ${role}: what it sends is understood, and is what the program sent`, (context) => {
    check(context, role, (given, cuts) => {
      const seen = run(given, (bytes) => chunksOf(bytes, cuts));
      const other = role === "server" ? "client" : "server";
      const codec = codecOf(other, given.agreed);
      const reader = new RecordedConnection(other, { maxMessageBytes: 1_000_000, codec });
      reader.receive(seen.output);
      const received = reader.takeEvents();
      assert.equal(reader.problem, undefined, reader.problem?.message);
      assert.deepEqual(
        received.filter((event) => /^(?:text|binary) /.test(event)),
        seen.sent,
      );
      // A close frame is sent unless the stream ended before there was a reason for one, and it is the last frame.
      const { state, closeCode, closeReason } = reader.connection;
      if (seen.state === "open" || seen.closeCode === 1006) assert.equal(state, "open");
      else assert.equal(closeCode, seen.closeCode);
      assert.ok(seen.problem === undefined || closeReason.length <= 123);
      reader.connection.receiveEnd();
    });
  });
}

function check(
  context: TestContext,
  role: Role,
  verify: (given: Scenario, cuts: readonly number[]) => void,
): void {
  checkProperty(context, fc.property(scenario(role), sizes, verify), 250);
}
