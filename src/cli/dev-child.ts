/** The process in which `waterspout dev` runs the application, until the next change. Its argument is the file. */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Server } from "../index.ts";
import { reportFailure } from "./report-failure.ts";
import type { DevMessage } from "./dev-messages.ts";
import { loadApplication } from "./load-application.ts";

process.env["NODE_ENV"] ??= "development";
process.setSourceMapsEnabled(true);

/** For how long a client that has just connected is waited for to send its request, in milliseconds. */
const arrivalMs = 100;

/** The connections that came in the last such while, and when. */
const arrivals = new Map<Socket, number>();

const [, , file = ""] = process.argv;
const source = new EventEmitter();

// A terminal sends these to all of its processes. The parent says when it is time.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));

try {
  const application = await loadApplication(file);
  const server = await application.listen({ source });
  process.on("message", (message: DevMessage, socket: Socket | undefined) => {
    if (message === "connection") receive(socket);
    if (message === "end") void end(server);
  });
  process.send?.("ready" satisfies DevMessage);
} catch (error) {
  reportFailure(file, error);
}

function receive(socket: Socket | undefined): void {
  process.send?.("taken" satisfies DevMessage);
  // A client may have gone on the way here.
  if (socket === undefined) return;
  const now = performance.now();
  for (const [earlier, since] of arrivals) if (now - since > arrivalMs) arrivals.delete(earlier);
  arrivals.set(socket, now);
  source.emit("connection", socket);
}

async function end(server: Server): Promise<void> {
  // A server that closes cuts connections on which nothing came. What has just come here has its request on the way.
  while ([...arrivals].some(isExpected)) await setTimeout(5);
  await server.close();
  process.exit(0);
}

function isExpected([socket, since]: readonly [Socket, number]): boolean {
  return !socket.destroyed && socket.bytesRead === 0 && performance.now() - since <= arrivalMs;
}
