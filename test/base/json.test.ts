import assert from "node:assert/strict";
import { test } from "node:test";
import { WaterspoutError } from "../../src/base/errors.ts";
import { encodeJson } from "../../src/base/json.ts";

test("objects become JSON as JSON.stringify makes it", () => {
  assert.equal(
    encodeJson("value", { a: [1, "ü", null], at: new Date(0) }),
    '{"a":[1,"ü",null],"at":"1970-01-01T00:00:00.000Z"}',
  );
  assert.equal(encodeJson("value", []), "[]");
});

test("what JSON cannot say is the caller's mistake, with a code, the name and the reason in one line", () => {
  const ring: { self?: object } = {};
  ring.self = ring;
  for (const [value, reason] of [
    [
      ring,
      /^message must be an object that JSON can say, got an object \(Object\): Converting circular structure to JSON$/,
    ],
    [{ big: 1n }, /: Do not know how to serialize a BigInt$/],
    [{ toJSON: () => undefined }, /, got an object \(Object\)$/],
  ] as const) {
    assert.throws(
      () => encodeJson("message", value),
      (error) =>
        error instanceof WaterspoutError &&
        error.code === "ARGUMENT_TYPE_INVALID" &&
        reason.test(error.message),
      String(reason),
    );
  }
});

test("an exception of a toJSON that is no Error is its cause", () => {
  const value = {
    toJSON() {
      // oxlint-disable-next-line typescript/only-throw-error -- that is what is tested
      throw "no";
    },
  };
  assert.throws(
    () => encodeJson("message", value),
    (error) =>
      error instanceof WaterspoutError &&
      error.cause === "no" &&
      error.message.endsWith("got an object (Object)"),
  );
});

test("what would become {} without a word is refused", () => {
  for (const value of [
    new Map(),
    new Set(),
    new Error("e"),
    Promise.resolve(),
    new Blob([]),
    new File([], "empty"),
    new ReadableStream(),
    new URLSearchParams("a=1"),
    new FormData(),
    new Headers(),
    (function* () {
      yield 1;
    })(),
  ]) {
    assert.throws(
      () => encodeJson("message", value),
      (error) => error instanceof WaterspoutError && error.code === "ARGUMENT_TYPE_INVALID",
      value.constructor.name,
    );
  }
});
