/**
 * A server in a process of its own, for storms.test.ts: there its memory is its own, too. It says on which port it listens, and
 * answers each message with what it holds, once all connections are gone.
 */
import type { CompressionOptions, Logger } from "../../src/index.ts";
import { Application, WebSocketHandler } from "../../src/index.ts";
import { MemoryEngine } from "../../src/hub/memory-engine.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import { certificate } from "./certificate.ts";
import { heldBytes } from "./garbage-collection.ts";

/** Which server, as JSON in the first argument. */
export interface StormOptions {
  readonly tls: boolean;
  readonly sharedReadBuffer: boolean;
  readonly compression: false | CompressionOptions;
  /** Milliseconds between pings, and until there is an answer. */
  readonly heartbeatMs: number;
}

/** What the server holds. */
export interface Holdings {
  /** Handlers whose `open` was called, since the start, and those of them whose `onClose` was not. */
  readonly opened: number;
  readonly open: number;
  /** Handlers that have not been collected. */
  readonly kept: number;
  /** Connections on the heartbeat wheel, and channels with subscribers. */
  readonly hearts: number;
  readonly channels: number;
  /** What keeps the process alive, by kind, such as TCPSocketWrap and Timeout. */
  readonly resources: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  readonly codes: Readonly<Record<number, number>>;
  /** After a collection, in bytes. */
  readonly heap: number;
  readonly buffers: number;
  readonly resident: number;
}

/** How long connections may take to be gone: longer than a heartbeat and the answer to a close frame. */
const patienceMs = 20_000;

const options = JSON.parse(process.argv[2] ?? "{}") as StormOptions;
const wheels = new Set<HeartbeatWheel>();
const engines = new Set<MemoryEngine<unknown>>();
watch(HeartbeatWheel.prototype, "add", wheels);
watch(MemoryEngine.prototype, "subscribe", engines);

/** Remembers on which objects a method was called. */
function watch<Type extends object>(prototype: Type, method: keyof Type, seen: Set<Type>): void {
  const original = prototype[method] as (...given: unknown[]) => unknown;
  Object.defineProperty(prototype, method, {
    value(this: Type, ...given: unknown[]) {
      seen.add(this);
      return Reflect.apply(original, this, given);
    },
  });
}

let opened = 0;
let open = 0;
let collected = 0;
const errors: string[] = [];
const codes: Record<number, number> = {};
const collection = new FinalizationRegistry(() => {
  collected++;
});
const ignore = (): void => {};
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: (text) => void errors.push(text) };
/** Large enough to be sent by reference: what waits for slow readers costs no memory here. */
const flood = new Uint8Array(32 * 1024).fill(7);

class Stormed extends WebSocketHandler {
  override open(): void {
    opened++;
    open++;
    collection.register(this, undefined);
    this.subscribe("all");
    this.subscribe(`of ${opened}`);
  }

  override onMessage(message: string | Uint8Array): void {
    if (message === "flood" || message === "fill") this.#pour(message === "fill");
    else this.writeMessage(message);
  }

  /** Writes until the server gives up a peer that does not read, or just until that is near. */
  #pour(stopsInTime: boolean): void {
    for (let count = 0; count < 1000 && this.isOpen; count++) {
      const isTaken = this.writeMessage(flood, { compress: false });
      if (!isTaken && stopsInTime) return;
    }
  }

  override onClose(code: number): void {
    open--;
    codes[code] = (codes[code] ?? 0) + 1;
  }
}

// Node opens this when it destroys the first socket: it would count as left behind.
void process.stderr;
const { tls, sharedReadBuffer, compression, heartbeatMs } = options;
const websocket = {
  sharedReadBuffer,
  compression,
  pingIntervalMs: heartbeatMs,
  pingTimeoutMs: heartbeatMs,
  closeTimeoutMs: 100,
};
const application = new Application([["/ws", Stormed]], { logger, websocket });
const server = await application.listen(0, { host: "127.0.0.1", ...(tls && { tls: certificate }) });

function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function sum(seen: Iterable<{ readonly size: number }>): number {
  return [...seen].reduce((total, { size }) => total + size, 0);
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 10);
  });

async function takeStock(): Promise<Holdings> {
  const deadline = performance.now() + patienceMs;
  const isQuiet = (): boolean => {
    const { TCPSocketWrap = 0, TLSWrap = 0 } = resources();
    return open === 0 && TCPSocketWrap === 0 && TLSWrap === 0;
  };
  while (!isQuiet() && performance.now() < deadline) await turn();
  // What has been collected is told in a later turn, and may have held more.
  const isCollected = (): boolean => collected === opened;
  for (let round = 0; round < 5 && !isCollected(); round++) {
    heldBytes();
    await turn();
  }
  const { heap, buffers } = heldBytes();
  const resident = process.memoryUsage.rss();
  const channels = sum(engines);
  const kept = opened - collected;
  return { opened, open, kept, hearts: sum(wheels), channels, resources: resources(), errors, codes, heap, buffers, resident }; // prettier-ignore
}

process.on("message", (message) => {
  if (message === "close") void server.close().then(() => process.disconnect());
  else void takeStock().then((holdings) => process.send?.(holdings));
});
process.send?.(server.port);
