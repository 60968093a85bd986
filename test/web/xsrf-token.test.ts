import assert from "node:assert/strict";
import { test } from "node:test";
import { createXsrfToken, maskXsrfToken, unmaskXsrfToken } from "../../src/web/xsrf-token.ts";

test("a token has another mask each time, and is the same behind it", () => {
  const token = createXsrfToken();
  assert.equal(token.bytes.length, 16);
  const texts = Array.from({ length: 50 }, () => maskXsrfToken(token));
  assert.equal(new Set(texts).size, texts.length);
  for (const text of texts) {
    assert.match(text, /^2\|[0-9a-f]{8}\|[0-9a-f]{32}\|\d+$/);
    const read = unmaskXsrfToken(text);
    assert.deepEqual([...(read?.bytes ?? [])], [...token.bytes]);
    assert.equal(read?.seconds, token.seconds);
  }
});

test("a token that Tornado 6.2 wrote is read", () => {
  const token = unmaskXsrfToken("2|01fe7f80|01ef5db345ab19f78967d53bcd23917f|1700000000");
  assert.equal(Buffer.from(token?.bytes ?? []).toString("hex"), "00112233445566778899aabbccddeeff");
  assert.equal(token?.seconds, 1_700_000_000);
});

test("what has another form is none", () => {
  const masked = "0".repeat(32);
  for (const text of [
    undefined,
    "",
    masked,
    `1|00000000|${masked}|1`,
    `2|0000000|${masked}|1`,
    `2|0000000000|${masked}|1`,
    `2|00000000|${masked}00|1`,
    "2|00000000||1",
    `2|00000000|${masked}|`,
    `2|00000000|${masked}|-1`,
    `2|0000000g|${masked}|1`,
    `2|00000000|${masked}|1|`,
    ` 2|00000000|${masked}|1`,
    `2|00000000|${masked}|1\n`,
  ]) {
    assert.equal(unmaskXsrfToken(text), undefined, text);
  }
});
