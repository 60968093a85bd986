import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { drawPlot } from "../../bench/plot.ts";
import { formatScenario } from "../../bench/report.ts";
import type { ScenarioResult } from "../../bench/rounds.ts";
import { scenarios } from "../../bench/scenarios.ts";

const scenario = scenarios[0]!;
const result: ScenarioResult = {
  scenario,
  servers: [
    {
      name: "waterspout",
      title: "Waterspout",
      rounds: [
        { value: 120_000, cpuMicroseconds: 8, residentBytes: 2 ** 26, serverShare: 0.98, loadShare: 0.5 },
        { value: 60_000, cpuMicroseconds: 8, residentBytes: 2 ** 26, serverShare: 0.5, loadShare: 0.25 },
        { value: 150_000, cpuMicroseconds: 6, residentBytes: 2 ** 26, serverShare: 1, loadShare: 0.6 },
      ],
    },
    {
      name: "ws",
      title: "ws",
      rounds: [
        { value: 60_000, cpuMicroseconds: 16 },
        { value: 20_000, cpuMicroseconds: 16 },
        { value: 100_000, cpuMicroseconds: 9 },
      ],
    },
    { name: "bun", title: "Bun.serve", rounds: [], problem: "it ended without a word" },
    {
      name: "tornado",
      title: "<Tornado>",
      rounds: [undefined, { value: 10_000 }],
      agreed: "permessage-deflate",
    },
  ],
};
const lines = formatScenario(result).split("\n");
const lineOf = (title: string): string => lines.find((line) => line.startsWith(title)) ?? "";

suite("the table", () => {
  test("says what was measured, and in what", () => {
    assert.equal(lines[0], `${scenario.title} (messages per second)`);
  });

  test("has the median and the range of what was measured", () => {
    assert.match(lineOf("Waterspout"), /^Waterspout +120 000 +60 000 – 150 000 /);
  });

  test("has the median and the range of the ratios within a round, not the ratio of medians", () => {
    // Medians of 120 000 and 60 000 happen to have the ratio 2, too; the rounds have 2, 3 and 1.5.
    assert.match(lineOf("ws"), / 2\.00 \(1\.50 – 3\.00\) /);
    assert.match(lineOf("<Tornado>"), / 6\.00 \(6\.00 – 6\.00\)/);
  });

  test("has the ratio by processor time, by which a shared core does not matter", () => {
    assert.match(lineOf("ws"), / 2\.00 \(1\.50 – 2\.00\) /);
  });

  test("has the other servers by ws, too", () => {
    assert.match(lineOf("<Tornado>"), / 0\.50 \(0\.50 – 0\.50\)/);
  });

  test("has processor time, memory, and what server and load used of their cores", () => {
    assert.match(lineOf("Waterspout"), / 8\.00 +64 MiB +98 % +50 %$/);
  });

  test("says who did not take part and why, and what was agreed", () => {
    assert.match(lineOf("Bun.serve"), /^Bun\.serve +–$/);
    assert.ok(lines.includes("Bun.serve: it ended without a word"));
    assert.ok(lines.includes("<Tornado> agreed to permessage-deflate"));
  });

  test("says when something else used the cores", () => {
    const round = { value: 1, serverShare: 0.5, loadShare: 0.4 };
    const noteOf = (more: object): boolean =>
      formatScenario({
        scenario,
        servers: [{ name: "ws", title: "ws", rounds: [{ ...round, ...more }] }],
      }).includes("per CPU second.");
    assert.ok(noteOf({}) && !noteOf({ serverShare: 0.95 }) && !noteOf({ loadShare: 0.95 }));
  });

  test("has its columns below each other", () => {
    const ends = [lines[1]!, lineOf("Waterspout")].map((line) => line.length);
    assert.equal(ends[0], ends[1]);
  });
});

suite("the plot", () => {
  const plot = drawPlot([result]);

  test("has a bar for each server that was measured, and none for the others", () => {
    assert.equal(plot.match(/<rect class="bar/g)?.length, 3);
    assert.ok(!plot.includes("Bun.serve"));
  });

  test("draws the ratio to ws", () => {
    assert.match(plot, />2\.00 ×</);
    assert.match(plot, /ws is 1</);
  });

  test("lets no name break out of its text", () => {
    assert.ok(plot.includes("&lt;Tornado") && !plot.includes("<Tornado>"));
  });

  test("draws nothing of a scenario that nobody was measured in", () => {
    const none = drawPlot([{ scenario, servers: [{ name: "ws", title: "ws", rounds: [] }] }]);
    assert.ok(!none.includes(scenario.title));
  });
});
