import assert from "node:assert/strict";
import { test } from "node:test";
import { Inbox } from "../../src/testing/inbox.ts";

test("what arrived first is read first, whoever came first", async () => {
  const inbox = new Inbox<number | undefined>();
  inbox.add(1);
  inbox.add(undefined);
  assert.deepEqual([await inbox.next(), await inbox.next()], [1, undefined]);
  const readers = [inbox.next(), inbox.next()];
  inbox.add(3);
  inbox.add(4);
  inbox.add(5);
  assert.deepEqual(await Promise.all(readers), [3, 4]);
  assert.equal(await inbox.next(), 5);
});

test("the end rejects who waits, and who comes when everything has been read", async () => {
  const inbox = new Inbox<string>();
  const reason = new Error("over");
  const waiting = [inbox.next(), inbox.next()];
  inbox.end(reason);
  for (const reader of waiting) await assert.rejects(reader, reason);
  await assert.rejects(inbox.next(), reason);

  const unread = new Inbox<string>();
  unread.add("last");
  unread.end(reason);
  assert.equal(await unread.next(), "last");
  await assert.rejects(unread.next(), reason);
});
