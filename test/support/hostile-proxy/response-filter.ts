/** What becomes of a response's bytes on their way to the client. */
import type { Socket } from "node:net";
import type { MessageHead } from "./message-head.ts";
import { fieldOf, statusOf } from "./message-head.ts";
import type { ResponseMode } from "./modes.ts";
import type { SeededRandom } from "./random.ts";

/** Takes the bytes of one response, its head first. */
export interface ResponseFilter {
  /** Passes bytes on, or does not. */
  receive(bytes: Buffer): void;
  /** The server has ended the response. */
  end(): void;
}

/** What a filter works with. */
export interface FilterContext {
  readonly client: Socket;
  readonly head: MessageHead;
  readonly random: SeededRandom;
  /** Counts that the proxy has done what it is there for. */
  readonly act: () => void;
}

/** Makes the filter for a response. */
export function createFilter(mode: ResponseMode, context: FilterContext): ResponseFilter {
  const { client, random } = context;
  switch (mode.kind) {
    case "pass":
      return pass(client);
    case "buffer":
      return bufferBlocks(context, Infinity);
    case "buffer-blocks":
      return bufferBlocks(context, mode.blockBytes);
    case "cut":
      return cut(context, mode.afterBytes);
    case "trickle":
      return trickle(context, mode.intervalMs);
    case "reset":
      return random.below(mode.every) === 0 ? reset(context, mode.chunksMax) : pass(client);
    case "swallow":
      return random.below(mode.every) === 0 ? swallow(context) : pass(client);
    default:
      return mode satisfies never;
  }
}

function pass(client: Socket): ResponseFilter {
  return {
    receive: (bytes) => void client.write(bytes),
    end: () => void client.end(),
  };
}

function bufferBlocks({ client, act }: FilterContext, blockBytes: number): ResponseFilter {
  let kept: Buffer = Buffer.alloc(0);
  return {
    receive(bytes) {
      kept = Buffer.concat([kept, bytes]);
      const ready = kept.length - (blockBytes === Infinity ? kept.length : kept.length % blockBytes);
      if (ready > 0) client.write(kept.subarray(0, ready));
      else act();
      kept = kept.subarray(ready);
    },
    end: () => void client.end(kept),
  };
}

function cut({ client, act }: FilterContext, afterBytes: number): ResponseFilter {
  let left = afterBytes;
  return {
    receive(bytes) {
      if (left <= 0) return;
      client.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left > 0) return;
      act();
      client.destroySoon();
    },
    end: () => void client.end(),
  };
}

/** How many bytes may wait in a filter that is slower than the server before it takes no more. */
const waitingBytesMax = 1 << 20;

function trickle({ client, act }: FilterContext, intervalMs: number): ResponseFilter {
  let waiting: Buffer = Buffer.alloc(0);
  let isRunning = false;
  let hasEnded = false;
  /** When the next byte is due. */
  let dueAt = 0;
  const writeDue = (): void => {
    if (client.destroyed) return;
    // Timers are late on a busy machine, and by the clock no byte is.
    while (waiting.length > 0 && performance.now() >= dueAt) {
      client.write(waiting.subarray(0, 1));
      act();
      waiting = waiting.subarray(1);
      dueAt += intervalMs;
      if (intervalMs === 0) break;
    }
    if (waiting.length > 0) {
      if (intervalMs === 0) setImmediate(writeDue);
      else setTimeout(writeDue, dueAt - performance.now());
      return;
    }
    isRunning = false;
    if (hasEnded) client.end();
  };
  return {
    receive(bytes) {
      waiting = Buffer.concat([waiting, bytes]);
      if (waiting.length > waitingBytesMax) client.destroy();
      if (isRunning) return;
      isRunning = true;
      dueAt = Math.max(dueAt, performance.now());
      writeDue();
    },
    end() {
      hasEnded = true;
      if (!isRunning) client.end();
    },
  };
}

/** Sends what has come before, then half of what is next, and then a reset instead of the rest. */
function resetBehind({ client, act }: FilterContext, bytes: Buffer): void {
  act();
  const resetNow = (): void => {
    client.resetAndDestroy();
  };
  // Only when the operating system has them, which a reset overtakes, and a turn of the event loop later: bytes and a reset
  // that come in one turn are bytes and an orderly end for a client that uses libuv, as those in this process do.
  client.write(bytes, () => setImmediate(() => setImmediate(resetNow)));
}

function reset(context: FilterContext, chunksMax: number): ResponseFilter {
  const { client, head, random } = context;
  const isChunked = /chunked/i.test(fieldOf(head, "transfer-encoding") ?? "");
  const units = isChunked || statusOf(head) === 101 ? 1 + random.below(chunksMax) : 1;
  let headLeft = head.bytes;
  let seen = 0;
  let isOver = false;
  return {
    receive(bytes) {
      if (isOver) return;
      // The server's writes are its chunks, and behind a 101 its frames: what comes at once is whole ones.
      const body = Math.max(0, bytes.length - headLeft);
      const bodyStart = bytes.length - body;
      headLeft -= bodyStart;
      if (body > 0) seen += 1;
      isOver = body > 0 && seen === units;
      if (isOver) resetBehind(context, bytes.subarray(0, bodyStart + Math.ceil(body / 2)));
      else client.write(bytes);
    },
    end() {
      if (!isOver) client.end();
    },
  };
}

function swallow({ client, head, act }: FilterContext): ResponseFilter {
  const isStream =
    statusOf(head) === 101 || fieldOf(head, "content-type")?.startsWith("text/event-stream") === true;
  let isOver = false;
  const drop = (): void => {
    if (isOver) return;
    isOver = true;
    act();
    client.destroy();
  };
  return {
    receive() {
      if (isStream) drop();
    },
    end: drop,
  };
}
