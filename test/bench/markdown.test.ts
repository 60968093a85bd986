import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMarkdown } from "../../bench/markdown.ts";
import type { ServerName } from "../../bench/opponents.ts";
import { drawPlot } from "../../bench/plot.ts";
import { formatScenario } from "../../bench/report.ts";
import type { Measurement, ScenarioResult } from "../../bench/rounds.ts";
import { httpScenarios, socketScenarios } from "../../bench/scenarios.ts";

const server = (name: ServerName, title: string, ...rounds: Measurement[]) => ({ name, title, rounds });
const [plain, json] = httpScenarios;
const results: readonly ScenarioResult[] = [
  {
    scenario: plain!,
    servers: [
      server(
        "waterspout",
        "Waterspout",
        { value: 300, cpuMicroseconds: 20 },
        { value: 100, cpuMicroseconds: 25 },
      ),
      server(
        "node-http",
        "node:http",
        { value: 200, cpuMicroseconds: 15 },
        { value: 200, cpuMicroseconds: 25 },
      ),
      server("tornado", "Tornado", { value: 2, cpuMicroseconds: 800 }),
    ],
  },
  {
    scenario: json!,
    servers: [server("waterspout", "Waterspout", { value: 9 }), server("node-http", "node:http")],
  },
];

test("the tables have the ratios of a run, each way of looking at them by itself, and leave out what nobody has", () => {
  assert.equal(
    formatMarkdown(results),
    [
      "| throughput               | ÷ node:http        | ÷ Tornado       |",
      "| ------------------------ | ------------------ | --------------- |",
      "| HTTP, 13 B of plain text | 1.00 (0.50 – 1.50) | 150 (150 – 150) |",
      "",
      "| per CPU second           | ÷ node:http        | ÷ Tornado          |",
      "| ------------------------ | ------------------ | ------------------ |",
      "| HTTP, 13 B of plain text | 0.88 (0.75 – 1.00) | 40.0 (40.0 – 40.0) |",
    ].join("\n"),
  );
});

test("the rows about memory have a star, and no ratios of processor time", () => {
  const idle = socketScenarios.find(({ name }) => name === "idle")!;
  const servers = [server("waterspout", "Waterspout", { value: 5 }), server("ws", "ws", { value: 10 })];
  const table = formatMarkdown([{ scenario: idle, servers }]);
  assert.match(table, /^\| throughput.*\n.*\n\| memory of 10 000 idle connections\* \| 0\.50 /);
  assert.ok(!table.includes("CPU"));
});

test("nothing is said where nobody was measured", () => {
  assert.equal(formatMarkdown([]), "");
});

test("what is measured over HTTP is measured by node:http, on the terminal and in the plot", () => {
  assert.match(formatScenario(results[0]!), /it ÷ node:http/);
  assert.match(formatScenario(results[0]!), /\(requests per second\)/);
  assert.match(drawPlot(results), /requests per second: more is better; node:http is 1/);
});
