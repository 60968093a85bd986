import type { TestContext } from "node:test";
import type { Application, ListenOptions, Server } from "../../src/index.ts";
import { ExpectedLog, startApplication } from "../../src/testing/index.ts";
import { RawSocket } from "./raw-socket.ts";

/** A server that was started for one test. */
export interface Served {
  readonly server: Server;
  readonly log: ExpectedLog;
  /** The URL of a path on it. */
  readonly at: (path: string) => string;
  /** Opens a raw connection to it, which is cut when the test is over. */
  readonly connectRaw: () => Promise<RawSocket>;
}

/**
 * Starts the application that `create` makes. After the test the server is closed, and only then its log is judged: a
 * warning or error that the test did not expect fails it, also one that was logged while closing.
 */
export async function serve(
  context: TestContext,
  create: (logger: ExpectedLog) => Application,
  options: ListenOptions = {},
): Promise<Served> {
  const log = new ExpectedLog();
  const server = await startApplication(create(log), options);
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
  return { server, log, at: (path) => server.url + path, connectRaw };
}
