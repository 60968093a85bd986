import assert from "node:assert/strict";
import { test } from "node:test";
import { answerCases } from "./cases/handshake-answers.ts";
import { requestCases } from "./cases/handshake-requests.ts";
import { groups, isClassic } from "./cases/index.ts";

/** How many cases the groups of the well-known suite have. */
const classicCounts: Readonly<Record<string, number>> = {
  1: 16,
  2: 11,
  3: 7,
  4: 10,
  5: 20,
  6: 145,
  7: 37,
  9: 54,
  10: 1,
  12: 90,
  13: 126,
};

test("the suite has the 517 cases of the well-known one, and some of its own", (context) => {
  let classic = 0;
  let own = 0;
  for (const [group, cases] of groups) {
    const count = cases.filter(isClassic).length;
    assert.equal(count, classicCounts[group], `group ${group}`);
    classic += count;
    own += cases.length - count;
  }
  const handshakes = requestCases.length + answerCases.length;
  context.diagnostic(
    `${classic + own + handshakes} cases: ${classic} classic, ${own} of our own, ${handshakes} of the handshake`,
  );
  assert.equal(classic, 517);
});

test("no two cases have the same number, and every case is in its group", () => {
  const ids = [...groups.values(), requestCases, answerCases].flat().map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
  for (const [group, cases] of groups) {
    for (const { id } of cases) assert.ok(id.startsWith(`${group}.`), id);
  }
});

test("group 6 has refusals that must come before the message is complete, in frames and between them", () => {
  const early = (groups.get("6") ?? []).filter(({ end }) => end !== "clean" && end.rest !== undefined);
  assert.ok(early.filter(({ id }) => id.startsWith("6.f.")).length > 60, "inside a frame");
  assert.ok(early.filter(({ id }) => id.startsWith("6.g.")).length > 60, "between frames");
  for (const id of ["6.4.1", "6.4.2", "6.4.3", "6.4.4"])
    assert.ok(
      early.some((item) => item.id === id),
      id,
    );
});
