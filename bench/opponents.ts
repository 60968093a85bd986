import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Protocol } from "./scenarios.ts";

/** Whom Waterspout is measured against; the last three are Waterspout itself. */
export const opponentNames = [
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
  "again",
] as const;

export type OpponentName = (typeof opponentNames)[number];

/** A server that takes part: an opponent, or the subject itself. */
export type ServerName = OpponentName | typeof subject;

/** What is measured. */
export const subject = "waterspout";

/** With these alone, `--quick` ends within a minute. */
export const quickOpponents: readonly OpponentName[] = ["ws", "bun", "node-http", "fastify"];

/** Whom the others are measured by as well, and what is 1 in the plots. */
export const references = { websocket: "ws", http: "node-http" } as const satisfies Record<
  Protocol,
  OpponentName
>;

/** What a WebSocket server's messages look like. */
export type SocketProtocol = "websocket" | "socket.io";

/** How a server is started. */
export interface ServerCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it speaks over WebSockets. */
  readonly messages: SocketProtocol;
}

const compiled = join("build", "bench", "servers");
const packages = join("bench", "node_modules");

/** Whether a server speaks a protocol. */
export function takesPart(name: ServerName, protocol: Protocol): boolean {
  return servers[name][protocol] !== undefined;
}

/**
 * How to start a server; `node` is the program that runs those in JavaScript. Throws a RangeError for one that does not take
 * part.
 */
export function serverCommand(name: ServerName, protocol: Protocol, node: string): ServerCommand {
  const { [protocol]: start, env = {}, messages = "websocket" } = servers[name];
  if (start === undefined) throw new RangeError(`${name} does not speak ${protocol}`);
  return { command: start(node), env, messages };
}

/** The name of a server in the report. */
export function serverTitle(name: ServerName): string {
  return servers[name].title;
}

type Start = (node: string) => readonly string[];

interface ServerEntry
  extends Readonly<Partial<Record<Protocol, Start>>>, Partial<Omit<ServerCommand, "command">> {
  readonly title: string;
}

const inNode =
  (...file: readonly string[]): Start =>
  (node) => [node, "--expose-gc", join(compiled, ...file)];
const inPython =
  (...file: readonly string[]): Start =>
  () => ["/usr/bin/python3", join("bench", "servers", ...file)];

const waterspout = { websocket: inNode("waterspout.js"), http: inNode("http", "waterspout.js") };
const servers: Readonly<Record<ServerName, ServerEntry>> = {
  waterspout: { title: "Waterspout", ...waterspout },
  "data-events": {
    title: 'Waterspout, "data" events',
    websocket: waterspout.websocket,
    env: { WATERSPOUT_SHARED_READ_BUFFER: "0" },
  },
  "access-log": {
    title: "Waterspout, access log",
    http: (node) => withoutErrorOutput(waterspout.http(node)),
    env: { BENCH_ACCESS_LOG: "1" },
  },
  again: { title: "Waterspout once more", ...waterspout },
  ws: { title: "ws", websocket: inNode("ws.js") },
  "socket.io": { title: "Socket.IO", websocket: inNode("socket-io.js"), messages: "socket.io" },
  uwebsockets: { title: "uWebSockets.js", websocket: inNode("uwebsockets.js") },
  bun: { title: "Bun.serve", websocket: () => [bunProgram(), join(compiled, "bun.js")] },
  "node-http": { title: "node:http", http: inNode("http", "node-http.js") },
  fastify: { title: "fastify", http: inNode("http", "fastify.js") },
  hono: { title: "hono", http: inNode("http", "hono.js") },
  // Its documentation asks for it.
  express: { title: "express", http: inNode("http", "express.js"), env: { NODE_ENV: "production" } },
  tornado: {
    title: "Tornado",
    websocket: inPython("tornado_server.py"),
    http: inPython("http", "tornado_server.py"),
  },
};

/** For a log that is written and not kept: nobody has to read it meanwhile. */
function withoutErrorOutput(command: readonly string[]): readonly string[] {
  return ["sh", "-c", 'exec "$@" 2> /dev/null', "sh", ...command];
}

/** Bun's program itself; what npm puts beside it is a script that would copy it at installation. */
function bunProgram(): string {
  const scope = join(packages, "@oven");
  const [platform = "none"] = readdirSync(scope);
  return join(scope, platform, "bin", "bun");
}
