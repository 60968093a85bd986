import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { prepareAdoption } from "../../src/transport/adoption-probe.ts";
import type { ByteStream, ByteStreamEvents } from "../../src/transport/byte-stream.ts";
import { adoptSocket } from "../../src/transport/handle-stream.ts";
import { SocketStream } from "../../src/transport/socket-stream.ts";
import { certificate, trust } from "./certificate.ts";
import { RawSocket } from "./raw-socket.ts";

/** The ways in which bytes travel: a socket's handle that was adopted, a socket, a socket with TLS. */
export type StreamKind = "adopted" | "socket" | "tls";

export const streamKinds: readonly StreamKind[] = ["adopted", "socket", "tls"];

/** A byte stream that has not been started, and bare bytes at the other end. */
export interface StreamPair {
  readonly stream: ByteStream;
  readonly peer: RawSocket;
  /** What the stream was made of; dead, if it was adopted. */
  readonly socket: Socket;
  /** What the socket had read before it was adopted. */
  readonly head: Uint8Array;
}

/** A socket that a server has accepted, as Node's HTTP server has them: half-open. */
export async function acceptSocket(
  context: TestContext,
  isTls = false,
): Promise<{ readonly socket: Socket; readonly peer: RawSocket }> {
  const server = isTls
    ? createTlsServer({ ...certificate, allowHalfOpen: true })
    : createServer({ allowHalfOpen: true });
  context.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, isTls ? "secureConnection" : "connection");
  const peer = await RawSocket.connect((server.address() as AddressInfo).port, isTls ? trust : undefined);
  context.after(() => peer.socket.destroy());
  const [socket] = (await accepted) as [Socket];
  return { socket, peer };
}

export async function connectStream(context: TestContext, kind: StreamKind): Promise<StreamPair> {
  const { socket, peer } = await acceptSocket(context, kind === "tls");
  if (kind !== "adopted") {
    const stream = new SocketStream(socket);
    context.after(() => stream.destroy());
    return { stream, peer, socket, head: new Uint8Array(0) };
  }
  assert.equal(await prepareAdoption(), undefined, "this runtime lets sockets be adopted");
  const adopted = adoptSocket(socket) ?? assert.fail("the socket was not adopted");
  context.after(() => adopted.stream.destroy());
  return { ...adopted, peer, socket };
}

/** What can happen on a stream. */
export type StreamEvent = "bytes" | "end" | "written" | "closed";

/** Keeps what a byte stream reports, and has tests wait for it. */
export class StreamRecorder implements ByteStreamEvents {
  /** The bytes that were received. */
  received = Buffer.alloc(0);
  /** What has happened besides, in order; bytes in a row are one event, and `written` is none. */
  readonly happened: StreamEvent[] = [];
  /** Called inside of each event. */
  hook: (event: StreamEvent) => void = () => {};
  /** How many bytes came with each call. */
  readonly sizes: number[] = [];
  #wake: () => void = () => {};

  receive(bytes: Uint8Array, end: number): void {
    this.received = Buffer.concat([this.received, bytes.subarray(0, end)]);
    this.sizes.push(end);
    // The memory is only lent, and may be changed.
    bytes.fill(0xee, 0, end);
    this.#add("bytes");
  }

  receiveEnd(): void {
    this.#add("end");
  }

  receiveWritten(): void {
    this.hook("written");
    this.#wake();
  }

  receiveClosed(): void {
    this.#add("closed");
  }

  /** Resolves when `isTrue` is, which is asked after each event. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when this has happened. */
  async saw(event: StreamEvent): Promise<void> {
    await this.until(() => this.happened.includes(event));
  }

  #add(event: StreamEvent): void {
    if (event !== "bytes" || this.happened.at(-1) !== "bytes") this.happened.push(event);
    this.hook(event);
    this.#wake();
  }
}

/** A stream that has been started, and what it reports. */
export async function startStream(
  context: TestContext,
  kind: StreamKind,
  head = new Uint8Array(0),
): Promise<StreamPair & { events: StreamRecorder }> {
  const pair = await connectStream(context, kind);
  const events = new StreamRecorder();
  pair.stream.start(events, head);
  return { ...pair, events };
}

/** Bytes that tell where they stand. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + seed) & 0xff;
  return bytes;
}

/** Writes until some of it has to wait, since nobody reads; returns all that was written. */
export function fillStream(stream: ByteStream): Buffer {
  const chunk = pattern(1024 * 1024);
  const written: Buffer[] = [];
  while (stream.pendingBytes === 0 || written.length < 8) {
    stream.write([chunk]);
    written.push(chunk);
    assert.ok(written.length < 100, "the operating system takes everything");
  }
  return Buffer.concat(written);
}

/** Turns of the event loop, in which whatever waits to be read is read. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => void setImmediate(resolve));
}
