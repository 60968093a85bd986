import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Whom Waterspout is measured against; the last two are Waterspout itself. */
export const opponentNames = [
  "ws",
  "socket.io",
  "bun",
  "uwebsockets",
  "tornado",
  "data-events",
  "again",
] as const;

export type OpponentName = (typeof opponentNames)[number];

/** A server that takes part: an opponent, or the subject itself. */
export type ServerName = OpponentName | typeof subject;

/** What is measured. */
export const subject = "waterspout";

/** With these alone, `--quick` ends within a minute. */
export const quickOpponents: readonly OpponentName[] = ["ws", "bun"];

/** How a server is started. */
export interface ServerCommand {
  readonly title: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly protocol: "websocket" | "socket.io";
}

const compiled = join("build", "bench", "servers");
const packages = join("bench", "node_modules");

/** How to start a server; `node` is the program that runs those in JavaScript. */
export function serverCommand(name: ServerName, node: string): ServerCommand {
  const { title, start, ...rest } = servers[name];
  return { title, command: start(node), env: {}, protocol: "websocket", ...rest };
}

/** The name of a server in the report. */
export function serverTitle(name: ServerName): string {
  return servers[name].title;
}

interface ServerEntry extends Partial<Pick<ServerCommand, "env" | "protocol">> {
  readonly title: string;
  readonly start: (node: string) => readonly string[];
}

const inNode =
  (file: string) =>
  (node: string): readonly string[] => [node, "--expose-gc", join(compiled, file)];
const python = "/usr/bin/python3";

const servers: Readonly<Record<ServerName, ServerEntry>> = {
  waterspout: { title: "Waterspout", start: inNode("waterspout.js") },
  "data-events": {
    title: 'Waterspout, "data" events',
    start: inNode("waterspout.js"),
    env: { WATERSPOUT_SHARED_READ_BUFFER: "0" },
  },
  again: { title: "Waterspout once more", start: inNode("waterspout.js") },
  ws: { title: "ws", start: inNode("ws.js") },
  "socket.io": { title: "Socket.IO", start: inNode("socket-io.js"), protocol: "socket.io" },
  uwebsockets: { title: "uWebSockets.js", start: inNode("uwebsockets.js") },
  bun: { title: "Bun.serve", start: () => [bunProgram(), join(compiled, "bun.js")] },
  tornado: { title: "Tornado", start: () => [python, join("bench", "servers", "tornado_server.py")] },
};

/** Bun's program itself; what npm puts beside it is a script that would copy it at installation. */
function bunProgram(): string {
  const scope = join(packages, "@oven");
  const [platform = "none"] = readdirSync(scope);
  return join(scope, platform, "bin", "bun");
}
