/**
 * The same streams, right and wrong, compressed and not, through another implementation: the receiver of the package ws.
 * Both see the same messages, and both fail or none does, but for the differences that are listed here. Each stands in a
 * test of its own, so that the list stays true, and in the property below, which accepts no other.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { agreement, encodeSayings, mutate, mutations, sayings } from "../support/fuzz-stream.ts";
import { checkAsyncProperty } from "../support/property.ts";
import { peerFrame, roles, toHex } from "../support/recording.ts";
import type { Outcome, OurOutcome } from "./two-receivers.ts";
import { receiveWithUs, receiveWithWs } from "./two-receivers.ts";
import { differences, sameEvents, takeover } from "./ws-differences.ts";

suite("ws and we differ, each time for a reason:", () => {
  for (const { name, why, frames, missing = 0, agreed, ours, theirs, explains } of differences) {
    test(`${name}. ${why}`, async () => {
      const stream = new Uint8Array(Buffer.concat(frames.map((frame) => peerFrame("server", frame))));
      const bytes = stream.subarray(0, stream.length - missing);
      const ourOutcome = receiveWithUs("server", agreed, bytes);
      const theirOutcome = await receiveWithWs("server", agreed, bytes);
      assert.deepEqual({ ...ourOutcome, ...ours }, ourOutcome);
      assert.deepEqual({ ...theirOutcome, ...theirs }, theirOutcome);
      assert.ok(explains(ourOutcome, theirOutcome, agreed));
    });
  }
});

for (const role of roles) {
  test(`a ${role} sees what ws sees, and fails where ws fails, but for these reasons`, async (context) => {
    const seen = new Map<string, number>();
    const inputs = agreement.chain((agreed) => fc.tuple(fc.constant(agreed), sayings, mutations));
    const property = fc.asyncProperty(inputs, async ([agreed, said, damage]) => {
      const bytes = mutate(Buffer.concat(encodeSayings(role, said, agreed)), damage);
      const ours = receiveWithUs(role, agreed, bytes);
      const theirs = await receiveWithWs(role, agreed, bytes);
      const isEqual =
        sameEvents(ours, theirs) && ours.failure === theirs.failure && ours.close === theirs.close;
      const reason = isEqual
        ? { name: "none" }
        : differences.find(({ explains }) => explains(ours, theirs, agreed));
      assert.ok(
        reason !== undefined,
        `${toHex(bytes)}\nours: ${inspect(ours)}\nthose of ws: ${inspect(theirs)}`,
      );
      seen.set(reason.name, (seen.get(reason.name) ?? 0) + 1);
    });
    await checkAsyncProperty(context, property, 400);
    context.diagnostic(JSON.stringify(Object.fromEntries(seen)));
  });
}

test("and not for a reason that is none", () => {
  const ours: OurOutcome = { events: ["text a"], failure: undefined, close: undefined, problem: undefined, hasFinalBlock: false }; // prettier-ignore
  const theirs: Outcome = { events: ["text b"], failure: undefined, close: undefined };
  assert.ok(differences.every(({ explains }) => !explains(ours, theirs, takeover)));
  assert.ok(
    differences.every(
      ({ explains }) => !explains(ours, { ...theirs, events: ["text a", "text b"] }, takeover),
    ),
  );
});
