import assert from "node:assert/strict";
import { test } from "node:test";
import { boundaryOf, isJsonType, isUtf8Type, parseMediaType } from "../../../src/protocol/http/media-type.ts";

test("a media type is a type and a subtype", () => {
  assert.equal(parseMediaType("Text/HTML; charset=x")?.value, "text/html");
  assert.equal(parseMediaType("application/vnd.api+json")?.value, "application/vnd.api+json");
  for (const text of [undefined, "", "text", "/", "text/", "/html", "a/b/c", "te xt/html", "a/b; c"]) {
    assert.equal(parseMediaType(text), undefined, text);
  }
});

test("UTF-8 is what says so, ASCII, and what says nothing", () => {
  const is = (text: string): boolean => isUtf8Type(parseMediaType(text) ?? assert.fail(text));
  for (const charset of [
    "",
    "; charset=UTF-8",
    '; charset="utf-8"',
    "; charset=utf8",
    "; charset=US-ASCII",
  ]) {
    assert.ok(is(`text/plain${charset}`), charset);
  }
  for (const charset of ["latin1", "utf-16", "iso-8859-1"]) assert.ok(!is(`text/plain; charset=${charset}`));
});

test("JSON is application/json, and what is built on it", () => {
  const is = (text: string): boolean => isJsonType(parseMediaType(text) ?? assert.fail(text));
  for (const type of ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"])
    assert.ok(is(type));
  for (const type of ["text/json", "application/jsonp", "text/plain"]) assert.ok(!is(type));
});

test("a boundary has 1 to 70 of the characters of RFC 2046, and does not end with a space", () => {
  const of = (boundary: string): string | undefined =>
    boundaryOf(parseMediaType(`multipart/form-data; boundary=${boundary}`) ?? assert.fail(boundary));
  assert.equal(boundaryOf(parseMediaType("multipart/form-data") ?? assert.fail()), undefined);
  assert.equal(of("----WebKitFormBoundaryX7"), "----WebKitFormBoundaryX7");
  assert.equal(of(`"a b'()+_,./:=?-"`), "a b'()+_,./:=?-");
  assert.equal(of("x".repeat(70)), "x".repeat(70));
  for (const boundary of ['""', '"a "', '" "', "x".repeat(71), '"a@b"', '"a;b"', '"\r\n"']) {
    assert.equal(of(boundary), undefined, boundary);
  }
});
