import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteRange } from "../../../src/protocol/http/byte-range.ts";
import { formatContentRange, parseByteRange } from "../../../src/protocol/http/byte-range.ts";

test("one range is cut to what there is (RFC 9110 §14.1.2)", () => {
  const table: readonly [range: string, parsed: ByteRange | "unsatisfiable" | undefined][] = [
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=0-4", { start: 0, end: 5 }],
    ["bytes=9-", { start: 9, end: 10 }],
    ["bytes=0-", { start: 0, end: 10 }],
    ["bytes=5-99999999999999999999", { start: 5, end: 10 }],
    ["bytes=-1", { start: 9, end: 10 }],
    ["bytes=-10", { start: 0, end: 10 }],
    ["bytes=-11", { start: 0, end: 10 }],
    ["BYTES= 1-2 ", { start: 1, end: 3 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=10-11", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=99999999999999999999-", "unsatisfiable"],
    // What is none, or more than one, is not looked at.
    ["bytes=2-1", undefined],
    ["bytes=99-98", undefined],
    ["bytes=-", undefined],
    ["bytes=", undefined],
    ["bytes", undefined],
    ["bytes=0-1,3-4", undefined],
    ["bytes=0x1-2", undefined],
    ["bytes=+1-2", undefined],
    ["items=0-1", undefined],
    ["", undefined],
  ];
  for (const [range, parsed] of table) assert.deepEqual(parseByteRange(range, 10), parsed, range);
  for (const range of ["bytes=0-", "bytes=-5"])
    assert.equal(parseByteRange(range, 0), "unsatisfiable", range);
});

test("Content-Range says which part of how much, or how much there is", () => {
  assert.equal(formatContentRange({ start: 0, end: 5 }, 10), "bytes 0-4/10");
  assert.equal(formatContentRange(undefined, 10), "bytes */10");
});
