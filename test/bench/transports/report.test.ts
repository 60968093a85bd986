import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatTransports } from "../../../bench/transports/report.ts";
import { plan, resultOf, results } from "./fixture.ts";

const lines = formatTransports(plan, results).split("\n");
const lineOf = (title: string): string => lines.find((line) => line.startsWith(title)) ?? "";

suite("the table of transports", () => {
  test("says what was measured", () => {
    assert.match(lines[0] ?? "", /64 bytes, medians of 2 rounds; polling every 1000 ms/);
    assert.ok(lines.includes("2 messages a second to each client"));
  });

  test("has bytes each way by headers and payload, requests, delays and processor time", () => {
    assert.match(lineOf("1 client, polling"), / 200 +64\.0 +600 +0 +0\.50 +2\.00 +5\.00 +100$/);
    assert.match(lineOf("100 clients, WebSocket"), / 2\.00 +64\.0 +6\.00 +0 +0\.50 +2\.00 +5\.00 +10\.0$/);
  });

  test("has how many times WebSocket's cost, under each load", () => {
    assert.match(lineOf("CPU, polling"), / 2\.00 +8\.00$/);
    // 200 + 64 + 600 by 2 + 64 + 6.
    assert.match(lineOf("bytes, polling"), / 12\.0 +12\.0$/);
    assert.equal(lineOf("CPU, WebSocket"), "");
  });

  test("says when a load was not carried", () => {
    assert.ok(!lines.some((line) => line.includes("missed")));
    const lossy = formatTransports(plan, [resultOf("sse", [], { missed: 3, failures: 1 })]);
    assert.match(lossy, /SSE with 1 clients at 2\/s: 3 messages missed, 1 connections lost/);
  });

  test("has a dash where nothing was measured", () => {
    const nothing = formatTransports(plan, [resultOf("sse", []), resultOf("websocket", [])]);
    assert.match(nothing, /100 clients, SSE +– +– +–/);
    assert.match(nothing, /CPU, SSE +– +–/);
  });
});
