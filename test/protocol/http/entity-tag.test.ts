import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesEtag, matchesEtagStrongly } from "../../../src/protocol/http/entity-tag.ts";

test("If-None-Match is a list, compared weakly, or a star (RFC 9110 §13.1.2)", () => {
  const table: readonly [field: string, matches: boolean][] = [
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['"b" ,W/"a",', true],
    [', ,"a"', true],
    ["*", true],
    [" * ", true],
    ['"b"', false],
    ["a", false],
    ['"a', false],
    ['"b" "a"', false],
    ['"b", *', false],
    ['w/"a"', false],
    ["", false],
    ['"a,b"', false],
  ];
  for (const [field, matches] of table) {
    assert.equal(matchesEtag(field, '"a"'), matches, field);
    assert.equal(matchesEtag(field, 'W/"a"'), matches, field);
  }
  assert.equal(matchesEtag('"x", "a,b"', '"a,b"'), true, "a comma inside is part of a tag");
});

test("If-Match and If-Range compare strongly: a weak tag is equal to none (RFC 9110 §8.8.3.2)", () => {
  const table: readonly [list: string, etag: string, matches: boolean][] = [
    ['"a"', '"a"', true],
    ['"b", "a"', '"a"', true],
    ["*", '"a"', true],
    ["*", 'W/"a"', true],
    ['W/"a"', '"a"', false],
    ['"a"', 'W/"a"', false],
    ['W/"a"', 'W/"a"', false],
    ["a", '"a"', false],
  ];
  for (const [list, etag, matches] of table)
    assert.equal(matchesEtagStrongly(list, etag), matches, `${list} ${etag}`);
});
