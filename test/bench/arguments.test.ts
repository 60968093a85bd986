import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ArgumentError, parseArguments } from "../../bench/arguments.ts";
import { groups, scenarios } from "../../bench/scenarios.ts";

const namesOf = (args: readonly string[]): readonly string[] =>
  parseArguments(args).scenarios.map(({ name }) => name);

suite("scenarios", () => {
  test("are all of them when none is named", () => {
    assert.deepEqual(parseArguments([]).scenarios, scenarios);
  });

  test("are those of a group", () => {
    assert.deepEqual(namesOf(["broadcast"]), ["broadcast-1000", "broadcast-1000x16"]);
  });

  test("are those named, each once and in the order of the report", () => {
    assert.deepEqual(namesOf(["handshakes", "echo-16k", "echo-16k"]), ["echo-16k", "handshakes"]);
  });

  test("have a group that can be named, and a name of their own", () => {
    const names = scenarios.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual([...new Set(scenarios.map(({ group }) => group))].toSorted(), groups.toSorted());
  });
});

suite("transports", () => {
  test("are measured by themselves when they alone are named", () => {
    const { scenarios: chosen, transports, name } = parseArguments(["transports"]);
    assert.deepEqual([chosen, name], [[], "transports"]);
    assert.equal(transports?.points.length, 6);
  });

  test("are part of everything, and of nothing else", () => {
    assert.ok(parseArguments([]).transports !== undefined);
    assert.equal(parseArguments(["echo"]).transports, undefined);
  });

  test("can be named beside scenarios", () => {
    const args = ["transports", "echo-64"];
    assert.deepEqual(namesOf(args), ["echo-64"]);
    assert.ok(parseArguments(args).transports !== undefined);
  });

  test("are measured at fewer loads and once when quick, or in as many rounds as are asked for", () => {
    const { transports: quick } = parseArguments(["transports", "--quick"]);
    assert.deepEqual([quick?.points.length, quick?.rounds], [3, 1]);
    assert.equal(parseArguments(["transports", "--rounds", "7"]).transports?.rounds, 7);
  });
});

suite("opponents", () => {
  test("are all but ourselves once more", () => {
    assert.deepEqual(parseArguments([]).opponents, [
      "ws",
      "socket.io",
      "bun",
      "uwebsockets",
      "node-http",
      "fastify",
      "hono",
      "express",
      "tornado",
      "access-log",
      "data-events",
    ]);
  });

  test("are those that speak what is measured", () => {
    assert.deepEqual(parseArguments(["http"]).opponents, [
      "node-http",
      "fastify",
      "hono",
      "express",
      "tornado",
      "access-log",
    ]);
    assert.deepEqual(parseArguments(["echo"]).opponents, [
      "ws",
      "socket.io",
      "bun",
      "uwebsockets",
      "tornado",
      "data-events",
    ]);
  });

  test("are two when it has to be quick, of those that speak what is measured", () => {
    assert.deepEqual(parseArguments(["echo", "--quick"]).opponents, ["ws", "bun"]);
    assert.deepEqual(parseArguments(["http", "--quick"]).opponents, ["node-http", "fastify"]);
  });

  test("leave out the scenarios that none of them takes part in", () => {
    assert.deepEqual(namesOf(["http-plain", "echo-64", "--against", "ws"]), ["echo-64"]);
    assert.deepEqual(namesOf(["--against", "fastify"]), ["http-plain", "http-json", "http-static"]);
    assert.deepEqual(namesOf(["http-plain", "echo-64", "--against", "tornado"]), ["echo-64", "http-plain"]);
  });

  test("are all there only when none is named and it need not be quick", () => {
    const completeness = [[], ["--quick"], ["--against", "ws"]].map(
      (args) => parseArguments(args).hasAllOpponents,
    );
    assert.deepEqual(completeness, [true, false, false]);
  });

  test("are those named, quick or not", () => {
    assert.deepEqual(parseArguments(["--quick", "--against", "tornado, ws"]).opponents, ["ws", "tornado"]);
  });
});

suite("pace, Node.js and name", () => {
  test("are at least five rounds, by default on this Node.js", () => {
    const { pace, node, name } = parseArguments([]);
    assert.ok(pace.rounds >= 5);
    assert.equal(node, process.execPath);
    assert.equal(name, "all");
  });

  test("are fewer and shorter rounds when quick", () => {
    const [full, quick] = [parseArguments([]).pace, parseArguments(["--quick"]).pace];
    assert.ok(quick.rounds < full.rounds && quick.durationMs < full.durationMs);
  });

  test("can be given", () => {
    const args = parseArguments(["echo", "--rounds", "9", "--node", "/opt/node24", "--name", "node-24"]);
    assert.deepEqual([args.pace.rounds, args.node, args.name], [9, "/opt/node24", "node-24"]);
  });

  test("name the files after what was measured", () => {
    assert.equal(parseArguments(["echo", "idle", "--quick"]).name, "echo-idle-quick");
  });
});

const refused: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [["ecko"], /no scenario "ecko".*groups echo, broadcast.*transports, and echo-64.*echo-64x16/],
  [["--against", "ws,bunn"], /--against has "bunn".*ws,socket\.io,bun/],
  [["--against", ""], /--against has ""/],
  [["--against", "ruby"], /for WebSockets and HTTP it takes one or more of ws,.*again,/],
  [
    ["http", "--against", "ws"],
    /has "ws"; for HTTP it takes one or more of node-http,fastify,hono,express,tornado,access-log,again, /,
  ],
  [
    ["echo", "--against", "ws,fastify"],
    /has "fastify"; for WebSockets it takes one or more of ws,socket\.io,bun,uwebsockets,tornado,data-/,
  ],
  [["transports", "--against", "ws"], /transports are measured against each other/],
  [["--fast"], /--fast.*--quick, --against/],
  [["--rounds", "0"], /--rounds is "0".*1 to 100/],
  [["--rounds", "2.5"], /--rounds is "2.5"/],
  [["--name", "../x"], /--name is "\.\.\/x"/],
];
for (const [args, said] of refused) {
  test(`${args.join(" ")} is refused, and what is allowed is said`, () => {
    assert.throws(
      () => parseArguments(args),
      (error) => error instanceof ArgumentError && said.test(error.message),
    );
  });
}
