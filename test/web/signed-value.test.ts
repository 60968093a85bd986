import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { createSignedValue, decodeSignedValue } from "../../src/index.ts";
import { signatureKeyVersion } from "../../src/web/signed-value.ts";
import { checkProperty } from "../support/property.ts";

const seconds = 1_700_000_000;
const day = 86_400;
const clock = (): number => seconds * 1000 + 999;
const secret = "a secret";

/** Made by Tornado 6.2 at that time. */
const byTornado = {
  ada: "2|1:0|10:1700000000|4:user|4:YWRh|8b9809722c7e69b508f5242bc9a3dea8c3ef3ac90b08483dbae962e353c4427b",
  secondKey:
    "2|1:2|10:1700000000|4:user|8:w6npg5E7|1324fd7dc7098d3933d194213469d46d2c95340a69e933b1ba704990256f32ad",
  version1: "YWRh|1700000000|51986fbf7676ad6aa5da22bb8a4e26a4ae49aba6",
  byte255:
    "2|1:0|10:1700000000|4:user|4:/w==|62aaa37a797210247582bb27649544423fab4696c2d0f4d9b88c2c3a36fcd864",
};
const keys = { 1: "one", 2: "two" };

test("what Tornado signs is signed in the same way here, byte for byte", () => {
  assert.equal(createSignedValue(secret, "user", "ada", { clock }), byTornado.ada);
  assert.equal(createSignedValue(keys, "user", "é郑;", { clock, keyVersion: 2 }), byTornado.secondKey);
});

test("what Tornado signed is read", () => {
  assert.equal(decodeSignedValue(secret, "user", byTornado.ada, { clock }), "ada");
  assert.equal(decodeSignedValue(keys, "user", byTornado.secondKey, { clock }), "é郑;");
  // Bytes that are no text: the signature is right, but there is no string to return.
  assert.equal(decodeSignedValue(secret, "user", byTornado.byte255, { clock }), null);
});

test("any text comes back", (context) => {
  checkProperty(
    context,
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
      const signed = createSignedValue(secret, name, value);
      assert.equal(decodeSignedValue(secret, name, signed), value);
    }),
  );
});

test("a value with any character changed is none", () => {
  const { ada } = byTornado;
  for (let at = 0; at < ada.length; at++) {
    for (const other of ["0", "|", ":", "é", ""]) {
      const changed = ada.slice(0, at) + other + ada.slice(at + 1);
      if (changed === ada) continue;
      assert.equal(decodeSignedValue(secret, "user", changed, { clock, minVersion: 1 }), null, changed);
    }
  }
});

test("what is no signed value is null, whatever it is", (context) => {
  const nothing = [
    null,
    undefined,
    "",
    "|",
    "2|",
    "2|1:0|",
    "3|1:0|",
    "0|",
    "2|1:0|10:1700000000|4:user|4:YWRh|",
  ];
  const malformed = ["2|999999999:0|", "2|-1:0|", "2|:|:|:|:|", "2|1:x|1:1|1:a|0:|x", "2|1:0|1:x|1:a|0:|x"];
  for (const value of [...nothing, ...malformed]) {
    assert.equal(decodeSignedValue(secret, "user", value, { minVersion: 1 }), null, String(value));
  }
  for (const value of [null, "", "2|", ...malformed])
    assert.equal(signatureKeyVersion(value), null, String(value));
  const pieces = fc.constantFrom("2|", "1:", "0", "|", "10:1700000000|", "4:user", "YWRh", "é");
  checkProperty(
    context,
    fc.property(fc.array(pieces), (parts) => {
      assert.equal(decodeSignedValue(secret, "user", parts.join(""), { minVersion: 1 }), null);
    }),
  );
});

test("a value is valid for its own name and its own key only", () => {
  assert.equal(decodeSignedValue(secret, "admin", byTornado.ada, { clock }), null);
  assert.equal(decodeSignedValue("another", "user", byTornado.ada, { clock }), null);
});

test("what is signed but not of this form is none, and says no version", () => {
  for (const [text, version] of [
    ["2|1:0|10:1700000000|4:user|4:YWRh|", 0],
    ["2|1:0;10:1700000000|4:user|4:YWRh|", null],
    ["2|1:0|10:1700000000|4:user|4:YWRh;", null],
    ["2|1:-|10:1700000000|4:user|4:YWRh|", null],
    ["2|1:0|10:170000000x|4:user|4:YWRh|", null],
    ["2|1:0|10:1700000000|4:user|9:YWRh|", null],
  ] as const) {
    const value = text + createHmac("sha256", secret).update(text).digest("hex");
    assert.equal(decodeSignedValue(secret, "user", value, { clock }), version === null ? null : "ada", text);
    assert.equal(signatureKeyVersion(value), version, text);
  }
});

test("keys are rotated: the old one is still accepted until it is taken out", () => {
  const old = createSignedValue({ 1: "one" }, "user", "ada", { keyVersion: 1 });
  assert.equal(signatureKeyVersion(old), 1);
  assert.equal(decodeSignedValue(keys, "user", old), "ada");
  assert.equal(decodeSignedValue({ 2: "two" }, "user", old), null);
  assert.equal(decodeSignedValue({ 1: "two" }, "user", old), null);
  // A single secret does not ask for a version, as in Tornado.
  assert.equal(decodeSignedValue("one", "user", old), "ada");
  // Nor what every object has.
  for (const keyVersion of [undefined, 3, "toString" as unknown as number]) {
    assert.throws(() => createSignedValue(keys, "user", "ada", { keyVersion }), {
      code: "ARGUMENT_TYPE_INVALID",
    });
  }
});

test("a value ends with its age", () => {
  const at =
    (age: number): (() => number) =>
    () =>
      (seconds + age) * 1000;
  assert.equal(decodeSignedValue(secret, "user", byTornado.ada, { clock: at(31 * day) }), "ada");
  assert.equal(decodeSignedValue(secret, "user", byTornado.ada, { clock: at(31 * day + 1) }), null);
  const accepted = { maxAgeDays: 0.5, clock: at(day / 2 + 1) };
  assert.equal(decodeSignedValue(secret, "user", byTornado.ada, accepted), null);
  assert.equal(
    decodeSignedValue(secret, "user", byTornado.ada, { maxAgeDays: Infinity, clock: at(9999 * day) }),
    "ada",
  );
  // As in Tornado: the time is signed, so one in the future is the time of a clock that goes fast.
  assert.equal(decodeSignedValue(secret, "user", byTornado.ada, { clock: at(-99 * day) }), "ada");
});

test("an age that is no number is a mistake, and not one without end", () => {
  for (const maxAgeDays of [Number.NaN, -1, "31"] as number[]) {
    assert.throws(() => decodeSignedValue(secret, "user", byTornado.ada, { maxAgeDays }), {
      code: "ARGUMENT_TYPE_INVALID",
    });
  }
  const minVersion = 3 as 2;
  assert.throws(() => decodeSignedValue(secret, "user", byTornado.ada, { minVersion }), {
    code: "ARGUMENT_TYPE_INVALID",
  });
  assert.throws(() => createSignedValue(secret, "user", 5 as unknown as string), {
    code: "ARGUMENT_TYPE_INVALID",
  });
});

test("version 1 is read by who asks for it", () => {
  const { version1 } = byTornado;
  assert.equal(decodeSignedValue(secret, "user", version1, { clock }), null);
  assert.equal(decodeSignedValue(secret, "user", version1, { clock, minVersion: 1 }), "ada");
  assert.equal(decodeSignedValue(secret, "user", `${version1}|`, { clock, minVersion: 1 }), null);
  assert.equal(decodeSignedValue(secret, "use", version1, { clock, minVersion: 1 }), null);
  assert.equal(decodeSignedValue({ 0: secret }, "user", version1, { clock, minVersion: 1 }), null);
  assert.equal(signatureKeyVersion(version1), null);
});

test("in version 1, digits moved between value and time are noticed", () => {
  // Nothing stands between what is signed, so the signature fits however it is divided.
  const signature = createHmac("sha1", secret).update("userYWR11700000000").digest("hex");
  const read = (base64: string, time: string): string | null =>
    decodeSignedValue(secret, "user", `${base64}|${time}|${signature}`, {
      clock,
      minVersion: 1,
      maxAgeDays: Infinity,
    });
  assert.equal(read("YWR1", "1700000000"), "adu");
  // A time in the far future, the same with a zero at the front, half a character of base64.
  assert.equal(read("YWR", "11700000000"), null);
  assert.equal(read("YWR117", "00000000"), null);
  assert.equal(read("YWR11", "700000000"), null);
  // Four digits are whole characters of base64, and what is left is a value: the time gives it away.
  const moved = createHmac("sha1", secret).update("userYWRh12341700000000").digest("hex");
  const options = { clock, minVersion: 1, maxAgeDays: Infinity } as const;
  assert.equal(decodeSignedValue(secret, "user", `YWRh|12341700000000|${moved}`, options), null);
});

test("a secret that is none is refused, and not shown", () => {
  const wrong = ["", undefined, null, 5] as unknown as string[];
  for (const none of wrong) {
    for (const use of [
      () => createSignedValue(none, "user", "ada"),
      () => decodeSignedValue(none, "user", byTornado.ada),
    ]) {
      assert.throws(use, {
        code: "ARGUMENT_TYPE_INVALID",
        message: /^secret must be a long random text, or /,
      });
    }
  }
});
