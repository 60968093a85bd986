/** A thousand clients that are slow on purpose, by Debian's slowhttptest: nobody else waits for them, and limits end them all. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { skipReason } from "../../scripts/system-packages.ts";
import type { HttpLimits } from "../../src/index.ts";
import { RunningProcess } from "../support/process.ts";
import { get } from "../support/raw-http.ts";
import type { SlowServerState } from "../support/slow-server.ts";

const clients = 1000;

interface SlowServer {
  readonly port: number;
  readonly state: () => Promise<SlowServerState>;
  /** Time of the processor that the server has had, in milliseconds; asked of the operating system, since the server may be busy. */
  readonly busyMs: () => number;
}

async function startServer(context: TestContext, limits: Partial<HttpLimits>): Promise<SlowServer> {
  const path = fileURLToPath(import.meta.resolve("../support/slow-server.js"));
  const child = fork(path, [JSON.stringify(limits)], { execArgv: ["--enable-source-maps"] });
  context.after(() => child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    async state() {
      child.send("state");
      const [state] = (await once(child, "message")) as [SlowServerState];
      return state;
    },
    busyMs() {
      // Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
      const fields = readFileSync(`/proc/${child.pid ?? 0}/stat`, "latin1").split(" ");
      return (Number(fields[13]) + Number(fields[14])) * 10;
    },
  };
}

/** How long a new request takes to be answered, on a connection of its own. */
async function probe(server: SlowServer): Promise<{ readonly countedMs: number; readonly wallMs: number }> {
  const [begun, busy] = [performance.now(), server.busyMs()];
  const { status } = await get(server, "/probe");
  assert.equal(status, 200);
  const wallMs = performance.now() - begun;
  // Where others keep the machine busy, what counts is what the server did meanwhile.
  return { countedMs: Math.min(wallMs, server.busyMs() - busy), wallMs };
}

/** Has slowhttptest do its worst until the server has ended all of its connections, and asks all along. */
async function attack(
  context: TestContext,
  server: SlowServer,
  path: string,
  args: readonly string[],
): Promise<SlowServerState> {
  const url = `http://127.0.0.1:${server.port}${path}`;
  // A duration that is longer than the test may take: it is the server that ends this.
  const all = ["-c", `${clients}`, "-l", "60", "-u", url, ...args];
  const attacker = new RunningProcess("/usr/bin/slowhttptest", all);
  context.after(() => attacker.kill("SIGKILL"));
  const times = [await probe(server)];
  let state = await server.state();
  while (state.accepted < clients + times.length || state.open > 0) {
    times.push(await probe(server));
    state = await server.state();
  }
  attacker.kill("SIGTERM");
  await attacker.end();
  const wallMs = Math.max(...times.map((each) => each.wallMs));
  context.diagnostic(`${state.openMax} connections at once`);
  context.diagnostic(`the slowest of ${times.length} new requests took ${Math.round(wallMs)} ms`);
  assert.doesNotMatch(attacker.output, /Hit test time limit/);
  assert.ok(Math.max(...times.map((each) => each.countedMs)) < 1000, `a new request took ${wallMs} ms`);
  return state;
}

const timeoutLine = /^408 \(127\.0\.0\.1\) REQUEST_TIMEOUT: the request was not complete in time[^\n]*$/;

suite("a thousand slow clients", { skip: skipReason("slowhttptest") }, () => {
  for (const [what, mode] of [
    ["header fields", ["-H", "-x", "20"]],
    ["bodies", ["-B", "-x", "20", "-s", "8192"]],
  ] as const) {
    test(`that send their ${what} bit by bit`, async (context) => {
      const server = await startServer(context, { headersTimeoutMs: 4000, requestTimeoutMs: 4000 });
      const { openMax, lines } = await attack(context, server, "/", ["-r", "500", "-i", "1", ...mode]);
      assert.ok(openMax >= clients / 2, `${openMax} at once`);
      // One line for each that had its time, and nothing else.
      const counts = Object.values(lines);
      assert.equal(counts.length, 1);
      assert.match(Object.keys(lines).join("\n"), timeoutLine);
      assert.ok(
        counts[0] !== undefined && counts[0] >= clients - 5 && counts[0] <= clients + 5,
        `${counts[0]} lines`,
      );
    });
  }

  test("that read their answers bit by bit", async (context) => {
    const server = await startServer(context, { responseTimeoutMs: 2000 });
    const args = ["-X", "-r", "200", "-w", "512", "-y", "1024", "-n", "1", "-z", "32"];
    const { lines } = await attack(context, server, "/large", args);
    // Explained once a minute for each address.
    assert.deepEqual(Object.values(lines), [1]);
    assert.match(Object.keys(lines)[0] ?? "", /^RESPONSE_TIMEOUT /);
  });
});
