/** Connections that are dropped in all the ways in which connections are dropped. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { encodeRawFrame } from "../../src/testing/raw-frame.ts";
import { trust } from "./certificate.ts";
import { handshake } from "./raw-socket.ts";
import { closePayload } from "./recording.ts";

/** A way to leave. */
export type Way =
  | "close"
  | "end"
  | "reset"
  | "end in a frame"
  | "reset in a frame"
  | "before the handshake"
  | "in the handshake"
  | "silence"
  | "slow"
  | "slow, then reset";

/** Those that take no longer than they must. */
export const quickWays: readonly Way[] = [
  "close",
  "end",
  "reset",
  "end in a frame",
  "reset in a frame",
  "before the handshake",
  "in the handshake",
];

/** Those of which some are enough: each fills the buffers of the operating system. */
export const slowWays: readonly Way[] = ["slow", "slow, then reset"];

const hello = encodeRawFrame({ opcode: 1, payload: "hello".repeat(300) });
const offer = handshake(
  { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" },
  "GET /ws HTTP/1.1",
);

/** A connection of a storm, as far as it got. */
interface Stormer {
  readonly way: Way;
  /** TCP, also below TLS. */
  readonly socket: Socket;
  /** Where bytes are written. */
  readonly stream: Socket;
}

/** Opens a connection, and shakes hands as far as its way of leaving wants. */
async function arrive(port: number, tls: boolean, way: Way): Promise<Stormer> {
  const socket = connect({ port, host: "127.0.0.1" });
  // How it ends is known by "close".
  socket.on("error", () => {});
  await once(socket, "connect");
  if (way === "before the handshake") return { way, socket, stream: socket };
  const stream = tls ? connectTls({ ...trust, socket }) : socket;
  stream.on("error", () => {});
  if (tls) await once(stream, "secureConnect");
  if (way === "in the handshake") {
    stream.write(offer.slice(0, 60));
    return { way, socket, stream };
  }
  stream.write(offer);
  // The answer, and whatever comes with it.
  await once(stream, "data");
  if (!way.startsWith("slow") && way !== "silence") {
    stream.write(hello);
    await once(stream, "data");
  }
  return { way, socket, stream };
}

/** Leaves, and resolves when the connection is closed. */
async function leave({ way, socket, stream }: Stormer): Promise<void> {
  const closed = socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", resolve));
  switch (way) {
    case "close":
      stream.resume();
      stream.write(encodeRawFrame({ opcode: 8, payload: closePayload(1000) }));
      break;
    case "end":
      stream.resume();
      stream.end();
      break;
    case "end in a frame":
      stream.resume();
      stream.end(hello.subarray(0, 100));
      break;
    case "reset in a frame":
      stream.write(hello.subarray(0, 100), () => socket.resetAndDestroy());
      break;
    case "reset":
      socket.resetAndDestroy();
      break;
    case "before the handshake":
    case "in the handshake":
      socket.destroy();
      break;
    case "silence":
      stream.resume();
      break;
    case "slow":
    case "slow, then reset":
      stream.pause();
      stream.write(encodeRawFrame({ opcode: 1, payload: way === "slow" ? "flood" : "fill" }));
      if (way === "slow") {
        // The server gives up, and its reset or end is seen behind what can still be read.
        await onceReadable(stream);
        stream.resume();
      } else {
        await onceReadable(stream);
        socket.resetAndDestroy();
      }
      break;
  }
  await closed;
  if (stream !== socket) stream.destroy();
}

async function onceReadable(stream: Socket): Promise<void> {
  if (stream.readableLength > 0 || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once("readable", resolve);
    stream.once("close", resolve);
  });
  stream.removeAllListeners("readable");
}

/** How many connections are opened at once: fewer than a listening socket keeps waiting. */
const arrivingMax = 200;

/** All arrive, and when all are there, all leave. */
export async function storm(port: number, tls: boolean, ways: readonly Way[]): Promise<void> {
  const stormers: Stormer[] = [];
  const waiting = [...ways];
  const work = async (): Promise<void> => {
    for (let way = waiting.pop(); way !== undefined; way = waiting.pop()) {
      stormers.push(await arrive(port, tls, way));
    }
  };
  await Promise.all(Array.from({ length: arrivingMax }, work));
  await Promise.all(stormers.map(leave));
}
