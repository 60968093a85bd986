import type { ServerOptions } from "./servers/contract.ts";

export const groups = ["echo", "broadcast", "idle", "handshakes", "deflate", "http"] as const;

/** What all rows of the table of results have in common. */
interface ScenarioBase {
  readonly name: string;
  readonly group: (typeof groups)[number];
  readonly title: string;
  readonly connections: number;
  /** Messages or requests that are under way at a time, for each connection or, when broadcasting, altogether. */
  readonly inFlight: number;
}

/** A row that is about WebSockets. */
export interface SocketScenario extends ScenarioBase {
  /** What is counted, or for memory what it is divided by. */
  readonly unit: "messages" | "deliveries" | "handshakes" | "bytes per connection";
  readonly load: "echo" | "broadcast" | "handshakes" | "hold";
  readonly message: { readonly kind: "text" | "binary" | "json"; readonly bytes: number };
  readonly compression: ServerOptions["compression"];
}

/** A row that is about requests and their responses. */
export interface HttpScenario extends ScenarioBase {
  readonly unit: "requests";
  readonly load: "http";
  /** What is asked for. */
  readonly page: "greeting" | "item" | "file";
}

/** One row of the table of results. */
export type Scenario = SocketScenario | HttpScenario;

/** What the clients of a scenario speak, which decides who can take part. */
export type Protocol = "websocket" | "http";

export function protocolOf({ load }: Scenario): Protocol {
  return load === "http" ? "http" : "websocket";
}

const kib = 1024;
const text64 = { kind: "text", bytes: 64 } as const;
const json = { kind: "json", bytes: kib } as const;
const echo = { group: "echo", unit: "messages", load: "echo", inFlight: 1, compression: "off" } as const;
const broadcast = {
  group: "broadcast",
  unit: "deliveries",
  load: "broadcast",
  message: text64,
  connections: 1000,
  compression: "off",
} as const;
const deflate = { group: "deflate", message: json, inFlight: 1 } as const;
const deflateEcho = { ...deflate, unit: "messages", load: "echo", connections: 100 } as const;
const deflateMemory = {
  ...deflate,
  unit: "bytes per connection",
  load: "hold",
  connections: 1000,
  inFlight: 4,
} as const;

const http = { group: "http", unit: "requests", load: "http", connections: 64, inFlight: 1 } as const;

/** What is measured of WebSockets. */
export const socketScenarios: readonly SocketScenario[] = [
  { ...echo, name: "echo-64", title: "echo 64 B, 100 connections", message: text64, connections: 100 },
  {
    ...echo,
    name: "echo-64x16",
    title: "echo 64 B, 100 connections, 16 in flight",
    message: text64,
    connections: 100,
    inFlight: 16,
  },
  {
    ...echo,
    name: "echo-16k",
    title: "echo 16 KiB text, 50 connections",
    message: { kind: "text", bytes: 16 * kib },
    connections: 50,
  },
  {
    ...echo,
    name: "echo-64k",
    title: "echo 64 KiB text, 8 connections",
    message: { kind: "text", bytes: 64 * kib },
    connections: 8,
  },
  {
    ...echo,
    name: "echo-1m",
    title: "echo 1 MiB binary, 8 connections",
    message: { kind: "binary", bytes: kib * kib },
    connections: 8,
  },
  { ...broadcast, name: "broadcast-1000", title: "broadcast 64 B to 1 000", inFlight: 1 },
  { ...broadcast, name: "broadcast-1000x16", title: "broadcast 64 B to 1 000, 16 at a time", inFlight: 16 },
  {
    name: "idle",
    group: "idle",
    title: "memory of 10 000 idle connections",
    unit: "bytes per connection",
    load: "hold",
    message: text64,
    connections: 10_000,
    inFlight: 1,
    compression: "off",
  },
  {
    name: "handshakes",
    group: "handshakes",
    title: "connections opened and closed, 32 at a time",
    unit: "handshakes",
    load: "handshakes",
    message: text64,
    connections: 32,
    inFlight: 1,
    compression: "off",
  },
  {
    ...deflateEcho,
    name: "deflate",
    title: "deflate 1 KiB JSON, no takeover",
    compression: "no takeover",
  },
  {
    ...deflateEcho,
    name: "deflate-takeover",
    title: "deflate 1 KiB JSON, takeover",
    compression: "takeover",
  },
  {
    ...deflateMemory,
    name: "deflate-memory",
    title: "memory of 1 000 connections, deflate, no takeover",
    compression: "no takeover",
  },
  {
    ...deflateMemory,
    name: "deflate-memory-takeover",
    title: "memory of 1 000 connections, deflate, takeover",
    compression: "takeover",
  },
];

/** What is measured of HTTP. */
export const httpScenarios: readonly HttpScenario[] = [
  { ...http, name: "http-plain", title: "HTTP, 13 B of plain text", page: "greeting" },
  { ...http, name: "http-json", title: "HTTP, 100 B of JSON with a parameter", page: "item" },
  { ...http, name: "http-static", title: "HTTP, a file of 100 KiB", page: "file" },
];

/** Everything that can be measured, in the order of the report. */
export const scenarios: readonly Scenario[] = [...socketScenarios, ...httpScenarios];
