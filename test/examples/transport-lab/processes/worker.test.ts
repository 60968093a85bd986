import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ServerCalls } from "../../../../examples/transport-lab/processes/contract.ts";
import { Worker } from "../../../../examples/transport-lab/processes/worker.ts";

suite("a process of the lab", () => {
  test("says why it cannot do what it is asked", async (context) => {
    const worker = new Worker<ServerCalls>("lane-server");
    context.after(() => worker.stop());
    const start = { transport: "sse", host: "192.0.2.1", allowedOrigins: [], phase: 0 } as const;
    await assert.rejects(worker.call("start", start), /192\.0\.2\.1/);
  });

  test("leaves nobody waiting when it ends", async () => {
    const worker = new Worker<ServerCalls>("lane-server");
    const answer = worker.call("sample");
    const stopped = worker.stop();
    await assert.rejects(answer, /lane-server has ended/);
    await stopped;
  });

  test("ends when the process that started it is killed", async () => {
    const program = fileURLToPath(new URL("lane-parent.js", import.meta.url));
    const parent = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    const ended = once(socket, "close");
    parent.kill("SIGKILL");
    socket.resume();
    await ended;
  });
});
