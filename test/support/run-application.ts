import type { TestContext } from "node:test";
import type { ListenOptions, RouteEntry, Server, Settings } from "../../src/index.ts";
import { Application } from "../../src/index.ts";
import { ExpectedLog, startApplication } from "../../src/testing/index.ts";
import { RawSocket } from "./raw-socket.ts";

/** An application that runs until its test is over. */
export interface Running {
  readonly app: Application;
  readonly server: Server;
  readonly log: ExpectedLog;
  /** The server's URL with `path` behind it. */
  readonly at: (path: string) => string;
  /** A TCP connection to the server, which does not outlive the test. */
  readonly connectRaw: () => Promise<RawSocket>;
}

/** Takes the warnings out of a log, where a test is about something else than their words; errors stay. */
export async function takeWarnings(log: ExpectedLog): Promise<readonly string[]> {
  const warnings = log.lines.filter(({ level }) => level === "warn").map(({ text }) => text);
  for (const text of warnings)
    await log.expect(new RegExp(`^${text.replaceAll(/[^\w\s]/g, String.raw`\$&`)}$`));
  return warnings;
}

/**
 * Runs an application with a log of its own. After the test the server is closed, and only then its log is judged: a
 * warning or error that the test did not expect fails it, also one that was logged while closing.
 */
export async function runApplication(
  context: TestContext,
  routes: readonly RouteEntry[],
  settings: Settings = {},
  options: ListenOptions = {},
): Promise<Running> {
  const log = new ExpectedLog();
  const app = new Application(routes, { logger: log, ...settings });
  const server = await startApplication(app, options);
  const sockets: RawSocket[] = [];
  context.after(async () => {
    // A raw socket answers no close frame: the server would wait for it until its patience ends.
    for (const raw of sockets) raw.socket.destroy();
    await server.close();
    log.assertNothingElse();
  });
  const connectRaw = async (): Promise<RawSocket> => {
    const raw = await RawSocket.connect(server.port);
    sockets.push(raw);
    return raw;
  };
  return { app, server, log, at: (path) => server.url + path, connectRaw };
}
