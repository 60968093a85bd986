import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeCookieValue,
  decodeFieldBytes,
  encodeCookieValue,
} from "../../../src/protocol/http/cookie-value.ts";
import { checkProperty } from "../../support/property.ts";

const wellFormed = fc.string({ unit: "binary" });

test("what is encoded is decoded to the same text, and has only cookie-octets", (context) => {
  checkProperty(
    context,
    fc.property(wellFormed, (text) => {
      const encoded = encodeCookieValue(text);
      assert.match(encoded, /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/);
      assert.equal(decodeCookieValue(encoded), text);
    }),
  );
});

test("signed values and tokens are not changed by encoding", () => {
  for (const value of ["2|1:0|10:1700000000|4:user|8:YWJjZA==|0a", "a+b/c=", "!#$&'()*-.<>?@[]^_`{|}~"]) {
    assert.equal(encodeCookieValue(value), value);
  }
  assert.equal(encodeCookieValue('50% "é", \\ 郑'), "50%25%20%22%C3%A9%22%2C%20%5C%20%E9%83%91");
});

test("what Python puts in quotes is read, octal numbers and all", () => {
  const values: [string, string][] = [
    ['"a=b"', "a=b"],
    ['""', ""],
    [String.raw`"say \"hi\""`, 'say "hi"'],
    [String.raw`"a\073b\054c\\d"`, "a;b,c\\d"],
    [String.raw`"\351t\351"`, "été"],
    // A quoted value is Python's, where a percent sign means nothing.
    ['"100%25 =1"', "100%25 =1"],
    [String.raw`"\400"`, "400"],
  ];
  for (const [value, text] of values) assert.equal(decodeCookieValue(value), text, value);
});

test("what is encoded in neither way is taken as it stands", () => {
  for (const value of ["", '"', 'a"', '"a', "100%", "%ff", "a b", "a\\073"]) {
    assert.equal(decodeCookieValue(value), value);
  }
});

test("bytes are UTF-8 where they can be, and Latin-1 otherwise", () => {
  assert.equal(decodeFieldBytes(Buffer.from("a=é郑").toString("latin1")), "a=é郑");
  assert.equal(decodeFieldBytes("a=\xe9"), "a=\xe9");
  assert.equal(decodeFieldBytes("a=e"), "a=e");
});
