import type { AddressInfo, Server } from "node:net";
import { createServer, isIPv6 } from "node:net";
import { relative } from "node:path";
import type { DevRequest } from "./arguments.ts";
import { DevRunner } from "./dev-runner.ts";
import { findFileFault } from "./load-application.ts";
import { say } from "./say.ts";
import { watchSources } from "./watch-sources.ts";

/**
 * Serves an application that is being written. This process has the port and accepts; the application runs in a child, which
 * is given the connections and ended at every change. So the port is never closed, and who comes while there is no child
 * waits here, unread.
 */
export async function dev({ file, port, host, watched }: DevRequest): Promise<void> {
  const fault = findFileFault(file);
  if (fault !== undefined) return fail(fault);
  // The application's own server reads on when a client has ended its side, and does not wait to fill a packet.
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
  try {
    await listen(listener, port, host);
  } catch (error) {
    return fail(`cannot listen: ${error instanceof Error ? error.message : String(error)}`);
  }
  const url = urlOf(host, (listener.address() as AddressInfo).port);
  const runner = new DevRunner(file, url);
  listener.on("connection", (socket) => runner.receive(socket));
  await watchSources(file, watched, (path) => runner.restart(`${relative(process.cwd(), path)} changed`));
  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.on(signal, () => runner.end(exitCode));
  }
  runner.start();
}

function listen(listener: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, host, () => {
      listener.off("error", reject);
      resolve();
    });
  });
}

function urlOf(host: string, port: number): string {
  const isAnyAddress = host === "0.0.0.0" || host === "::";
  return `http://${isAnyAddress ? "localhost" : isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function fail(reason: string): void {
  say(reason);
  process.exitCode = 1;
}
