import assert from "node:assert/strict";
import { test } from "node:test";
import type { Precondition } from "../../../src/protocol/http/preconditions.ts";
import { isRangeWanted, judgePreconditions } from "../../../src/protocol/http/preconditions.ts";

const now = "Sun, 06 Nov 1994 08:49:37 GMT";
const before = "Sun, 06 Nov 1994 08:49:36 GMT";
const after = "Sun, 06 Nov 1994 08:49:38 GMT";
const validators = { etag: '"a"', modifiedMs: Date.parse(now) };

test("conditions are judged in their order, tags before dates (RFC 9110 §13.2.2)", () => {
  const table: readonly [headers: Readonly<Record<string, string>>, precondition: Precondition][] = [
    [{}, "met"],
    [{ "if-match": '"a"' }, "met"],
    [{ "if-match": "*" }, "met"],
    [{ "if-match": '"b"' }, "failed"],
    [{ "if-match": 'W/"a"' }, "failed"],
    [{ "if-unmodified-since": now }, "met"],
    [{ "if-unmodified-since": before }, "failed"],
    [{ "if-unmodified-since": "yesterday" }, "met"],
    [{ "if-match": '"a"', "if-unmodified-since": before }, "met"],
    [{ "if-none-match": '"a"' }, "not-modified"],
    [{ "if-none-match": 'W/"a"' }, "not-modified"],
    [{ "if-none-match": "*" }, "not-modified"],
    [{ "if-none-match": '"b"' }, "met"],
    [{ "if-modified-since": before }, "met"],
    [{ "if-modified-since": now }, "not-modified"],
    [{ "if-modified-since": after }, "not-modified"],
    [{ "if-modified-since": "" }, "met"],
    [{ "if-none-match": '"b"', "if-modified-since": after }, "met"],
    [{ "if-none-match": '"a"', "if-modified-since": before }, "not-modified"],
    [{ "if-match": '"b"', "if-none-match": '"a"' }, "failed"],
    [{ "if-match": '"a"', "if-none-match": '"a"' }, "not-modified"],
  ];
  for (const [headers, precondition] of table)
    assert.equal(judgePreconditions(headers, validators), precondition, JSON.stringify(headers));
});

test("a part is sent only to who has another part of the very same bytes (RFC 9110 §13.1.5)", () => {
  assert.equal(isRangeWanted(undefined, '"a"'), true);
  assert.equal(isRangeWanted('"a"', '"a"'), true);
  for (const other of ['"b"', 'W/"a"', "*", now, ""]) assert.equal(isRangeWanted(other, '"a"'), false, other);
  assert.equal(isRangeWanted('W/"a"', 'W/"a"'), false);
});
