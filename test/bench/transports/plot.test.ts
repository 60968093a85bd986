import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { drawTransports } from "../../../bench/transports/plot.ts";
import { costsOf, plan, resultOf, results } from "./fixture.ts";

/** The places of the labels in each panel. */
function labelPlaces(plot: string): readonly (readonly number[])[] {
  const panels = plot.split('class="title"').slice(1);
  return panels.map((panel) =>
    [...panel.matchAll(/<text x="[\d.]+" y="([\d.]+)">/g)].map(([, y]) => Number(y)),
  );
}

suite("the plot of transports", () => {
  const plot = drawTransports(plan, results);

  test("has a line for each transport in each panel, with its name and last value", () => {
    assert.equal(plot.match(/<polyline class="line polling"/g)?.length, 4);
    assert.equal(plot.match(/<polyline class="line websocket"/g)?.length, 4);
    assert.match(plot, />polling 8\.0 ×</);
    assert.match(plot, />WebSocket 1\.0 ×</);
  });

  test("has the units of its axes", () => {
    for (const unit of ["(%)", "(×)", "(B)", "(ms)"]) assert.ok(plot.includes(unit), unit);
    assert.match(plot, />clients</);
  });

  test("keeps names apart that would cover each other", () => {
    const same = ["polling", "long-polling", "sse", "websocket"] as const;
    const crowded = same.map((name) => resultOf(name, [[costsOf(10, 2)], [costsOf(10, 2)]]));
    for (const places of labelPlaces(drawTransports(plan, crowded))) {
      assert.equal(places.length, 4);
      for (const [index, place] of places.entries()) {
        if (index > 0) assert.ok(place - (places[index - 1] ?? 0) >= 14.9, places.join(", "));
      }
    }
  });

  test("draws no line without numbers", () => {
    const nothing = drawTransports(plan, [resultOf("sse", [])]);
    assert.ok(!nothing.includes("<circle") && !nothing.includes("NaN"));
  });

  test("has no number that is none", () => {
    assert.ok(!/NaN|Infinity|undefined/.test(plot));
  });
});
