import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionTransport } from "../../../src/transport/session/session-transport.ts";
import { SessionStore } from "../../../src/transport/session/session-store.ts";

/** The store looks at no session: it gives back what it was given. */
function stub(): SessionTransport {
  return {} as SessionTransport;
}

const place = { path: "/ws", origin: "" };
const key = "a-key-of-an-opening";

test("a session is found by its whole token, at its path and from its origin", () => {
  const store = new SessionStore(10);
  const session = stub();
  const name = store.createName();
  const token = `${name.id}.${name.secret}`;
  assert.match(token, /^[\w-]{12}\.[\w-]{24}$/);
  store.add(name, place, session);
  assert.equal(store.find(token, place), session);
  const other = store.createName();
  for (const wrong of [
    "",
    ".",
    name.id,
    `${name.id}.`,
    `.${name.secret}`,
    `${name.id}.${other.secret}`,
    `${other.id}.${name.secret}`,
    `${token}x`,
    token.slice(0, -1),
    `${name.id}.${"é".repeat(12)}`,
    `${name.id.toLowerCase().toUpperCase()}.${name.secret}`,
    `__proto__.${name.secret}`,
  ]) {
    assert.equal(store.find(wrong, place), undefined, wrong);
  }
  assert.equal(store.find(token, { ...place, path: "/ws2" }), undefined);
  assert.equal(store.find(token, { ...place, origin: "https://other.example" }), undefined);
  store.delete(name.id);
  store.delete(name.id);
  assert.equal(store.find(token, place), undefined);
});

test("names do not repeat, and a store is full at its limit", () => {
  const store = new SessionStore(100);
  const names = Array.from({ length: 100 }, () => store.createName());
  assert.equal(new Set(names.flatMap(({ id, secret }) => [id, secret])).size, 200);
  for (const name of names) {
    assert.equal(store.isFull, false);
    store.add(name, place, stub());
  }
  assert.deepEqual([store.isFull, store.size], [true, 100]);
  store.delete(names[0]?.id ?? "");
  assert.deepEqual([store.isFull, store.size], [false, 99]);
});

test("an opening with a key is found while it is under way, and as long as its session is there", async () => {
  const store = new SessionStore(10);
  assert.equal(store.opening(key, place), undefined);
  const settle = store.beginOpening(key, place);
  const opening = store.opening(key, place);
  assert.ok(opening !== undefined);
  assert.equal(store.opening(key, { ...place, path: "/ws2" }), undefined);
  assert.equal(store.opening(key, { ...place, origin: "null" }), undefined);
  const session = stub();
  const name = store.createName();
  store.add(name, place, session, key);
  settle(session);
  assert.equal(await opening, session);
  assert.equal(await store.opening(key, place), session);
  store.delete(name.id);
  assert.equal(store.opening(key, place), undefined);
});

test("an opening that was refused leaves nothing behind but the word to who waits", async () => {
  const store = new SessionStore(10);
  const settle = store.beginOpening(key, place);
  const opening = store.opening(key, place);
  settle(undefined);
  assert.equal(store.opening(key, place), undefined);
  assert.equal(await opening, undefined);
});

test("openings that are under way take their room", () => {
  const store = new SessionStore(2);
  const first = store.beginOpening(undefined, place);
  const second = store.beginOpening(key, place);
  assert.deepEqual([store.isFull, store.size], [true, 0]);
  first(undefined);
  assert.equal(store.isFull, false);
  const session = stub();
  store.add(store.createName(), place, session, key);
  second(session);
  assert.deepEqual([store.isFull, store.size], [false, 1]);
});
