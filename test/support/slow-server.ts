/**
 * A server in a process of its own, for slow-clients.test.ts. It says on which port it listens, and whenever it is asked, what it
 * has seen.
 */
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { HttpLimits, Logger } from "../../src/index.ts";
import { Application, RequestHandler } from "../../src/index.ts";

/** What the server has seen since the start. */
export interface SlowServerState {
  /** Connections that are open now, and as many as there ever were at once. */
  readonly open: number;
  readonly openMax: number;
  /** Connections since the start. */
  readonly accepted: number;
  /** How often each line was logged; without lines about what went well. */
  readonly lines: Readonly<Record<string, number>>;
}

const limits = JSON.parse(process.argv[2] ?? "{}") as Partial<HttpLimits>;
const chunk = Buffer.alloc(64 * 1024, "0123456789abcdef");
const lines: Record<string, number> = {};
let open = 0;
let openMax = 0;
let accepted = 0;

class Page extends RequestHandler {
  get() {
    return "here";
  }

  post() {
    return this.getBodyArgument("name", "nobody");
  }
}

/** More than the operating system takes by itself for a client that reads nothing: 16 MiB. */
class Large extends RequestHandler {
  async *get() {
    for (let i = 0; i < 256; i++) yield chunk;
  }
}

const count = (line: string): void => {
  lines[line] = (lines[line] ?? 0) + 1;
};
const ignore = (): void => {};
const logger: Logger = { debug: ignore, info: ignore, warn: count, error: count };
const application = new Application(
  [
    ["/large", Large],
    ["/*", Page],
  ],
  { logger, http: limits },
);
const source = createServer({ pauseOnConnect: true, allowHalfOpen: true });
source.on("connection", (socket) => {
  accepted++;
  openMax = Math.max(openMax, ++open);
  socket.once("close", () => open--);
});
await application.listen({ source });
source.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
await once(source, "listening");

process.on("message", () => process.send?.({ open, openMax, accepted, lines } satisfies SlowServerState));
process.send?.((source.address() as AddressInfo).port);
