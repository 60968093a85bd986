import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentMessages } from "../../../examples/chat/recent-messages.ts";

/** As many messages as letters, each with the letter as its id. */
function recentOf(letters: string, countMax: number): RecentMessages {
  const recent = new RecentMessages(countMax);
  for (const id of letters) assert.equal(recent.add({ id, html: `<li>${id}` }), true);
  return recent;
}

const idsAfter = (recent: RecentMessages, id: string): string =>
  recent
    .after(id)
    .map((each) => each.id)
    .join("");

test("the last messages are kept, in their order", () => {
  const recent = recentOf("abcde", 3);
  assert.equal(idsAfter(recent, ""), "cde");
  assert.deepEqual(recent.after("d"), [{ id: "e", html: "<li>e" }]);
});

test("what came after a message, and everything after one that is not known", () => {
  const recent = recentOf("abc", 3);
  assert.equal(idsAfter(recent, "a"), "bc");
  assert.equal(idsAfter(recent, "c"), "");
  assert.equal(idsAfter(recent, "x"), "abc");
});

test("a message that is here already is not taken again", () => {
  const recent = recentOf("abc", 3);
  assert.equal(recent.add({ id: "b", html: "<li>again" }), false);
  assert.equal(idsAfter(recent, ""), "abc");
  assert.equal(recent.after("a")[0]?.html, "<li>b");
});
