import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContentCoding } from "../../../src/protocol/http/content-coding.ts";
import { isWorthCompressing, negotiateCoding } from "../../../src/protocol/http/content-coding.ts";

test("the coding that the client prefers is chosen, and of equals the server's first", () => {
  const table: readonly [acceptEncoding: string | undefined, coding: ContentCoding | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip, deflate, br, zstd", "br"],
    ["GZip;Q=1, BR;q=0.5", "gzip"],
    ["gzip;q=0.8, br;q=0.8", "br"],
    ["gzip ; q=0.8 , br ; q=0.801", "br"],
    ["*", "br"],
    ["*;q=0.5, gzip", "gzip"],
    ["br;q=0, *", "gzip"],
    ["gzip;q=0, br;q=0", undefined],
    ["*;q=0", undefined],
    ["identity", undefined],
    ["identity;q=1, gzip;q=0.5", undefined],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["identity;q=0", undefined],
    ["deflate", undefined],
    // Nonsense is no wish.
    ["gzip;q=2", undefined],
    ["gzip;q=-1", undefined],
    ["gzip;q=0.1234", undefined],
    ["gzip;q=", undefined],
    ["gzip;level=9", "gzip"],
    [",,;,gzip", "gzip"],
    // The last word counts.
    ["gzip, gzip;q=0", undefined],
  ];
  for (const [acceptEncoding, coding] of table) {
    assert.equal(negotiateCoding(acceptEncoding, ["br", "gzip"]), coding, acceptEncoding);
  }
  assert.equal(negotiateCoding(`${"a,".repeat(100)}gzip`, ["gzip"]), undefined, "nobody names so many");
});

test("text is worth compressing, and what is compressed already is not", () => {
  for (const type of [
    "text/html; charset=utf-8",
    "TEXT/Plain",
    "application/json",
    "application/ld+json;x=y",
    "image/svg+xml",
    "application/wasm",
  ]) {
    assert.equal(isWorthCompressing(type), true, type);
  }
  for (const type of ["", "image/png", "application/octet-stream", "application/zip", "video/mp4"]) {
    assert.equal(isWorthCompressing(type), false, type);
  }
});
