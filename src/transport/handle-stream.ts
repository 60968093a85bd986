import { once } from "node:events";
import type { Socket } from "node:net";
import { noBytes } from "../base/bytes.ts";
import { recycle } from "../protocol/websocket/output-buffer.ts";
import { Backlog } from "./backlog.ts";
import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";

/**
 * The fast way to the operating system, and the only file that uses what Node does not document about sockets.
 *
 * A `net.Socket` is a stream around a handle, which is what reads and writes. For a WebSocket the stream costs more than
 * it gives: memory of its own for every read, a queue, events and callbacks around each write, and several kilobytes for
 * each connection. So the handle is taken out of its socket and driven by a `HandleStream`: all handles read into one
 * buffer, one after the other, and what the operating system takes at once, which is nearly everything, is written by a
 * single call. docs/performance.md has the numbers.
 *
 * What is relied on: the property `_handle` of sockets, the handle's methods below, and that they behave as
 * adoption-probe.ts sees them behave before the first server listens. Where anything is different, on another runtime or in a future Node, no
 * socket is adopted and all go through `SocketStream`, which is slower and otherwise the same.
 */
interface Handle {
  onread: (this: Handle) => void;
  readonly bytesRead: number;
  readonly writeQueueSize: number;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  /** A status; since Node 26, and where null was given, the request that was needed. */
  writeBuffer(request: HandleRequest | null, bytes: Uint8Array): number | HandleRequest;
  writev(request: HandleRequest, chunks: readonly Uint8Array[], areAllBuffers: true): number;
  shutdown(request: HandleRequest): number;
  close(callback: () => void): void;
  [owner: symbol]: unknown;
}

/** What a handle is given for work that may outlast the call; then it comes back with `oncomplete`. */
interface HandleRequest {
  oncomplete?: (this: HandleRequest, status: number) => void;
  /** Negative as long as the request was not needed, because everything was done at once. */
  getAsyncId(): number;
  stream?: HandleStream;
  /** Keeps memory from being collected until it is written. */
  chunks?: readonly Uint8Array[];
}

type HandleRequestClass = new () => HandleRequest;

/** What `learnAdoption` found out about this runtime. */
interface Means {
  readonly Handle: unknown;
  /** The property by which a handle knows the object around it. */
  readonly owner: symbol;
  readonly WriteRequest: HandleRequestClass;
  readonly ShutdownRequest: HandleRequestClass;
  /** What `readStart` says when reading was started already. */
  readonly alreadyReading: number;
  /** Called by every handle when it has read. */
  readonly onread: (this: Handle) => void;
}

/** All handles read into this memory. What has to stay longer than a call is copied by whoever keeps it. */
const readBuffer = Buffer.allocUnsafeSlow(128 * 1024);

/** To see a write that has to wait, so much is written to a peer that does not read, at most so often. */
export const megabyte: Uint8Array = new Uint8Array(1024 * 1024);
export const megabytesMax = 64;

/** What `shutdown` returns when it is done at once. */
const doneAtOnce = 1;

let means: Means | undefined;
/** The request for the next write: as long as no write needs it, it is used again. */
let writeRequest: HandleRequest | undefined;

/** No socket is adopted from now on. */
export function forbidAdoption(): void {
  means = undefined;
}

/** What became of a socket: a stream, and the bytes that the socket had read before. */
export interface Adopted {
  readonly stream: ByteStream;
  readonly head: Uint8Array;
}

/**
 * Takes the handle out of a socket, which is dead afterwards and tells nobody anything more. Undefined where the socket
 * must stay as it is: nothing was learnt, it is no plain TCP socket, or it is in the middle of something.
 */
export function adoptSocket(socket: Socket): Adopted | undefined {
  const handle = handleOf(socket);
  if (means === undefined || handle === undefined || handle.constructor !== means.Handle) return undefined;
  if (socket.readableEnded || socket.writableEnded || socket.writableLength > 0) return undefined;
  handle.readStop();
  const stream = new HandleStream(handle, means);
  // Without its handle the socket can be destroyed without ending the connection, and its server lets go of it.
  (socket as unknown as { _handle: undefined })._handle = undefined;
  const head = (socket.read() as Uint8Array | null) ?? noBytes;
  socket.destroy();
  return { stream, head };
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { readonly _handle?: Handle | null })._handle ?? undefined;
}

class HandleStream implements ByteStream {
  readonly writesAtOnce = true;
  readonly #means: Means;
  #handle: Handle | undefined;
  #events: ByteStreamEvents | undefined;
  #bytesRead: number;
  #hasReadEnded = false;
  #isWriting = false;
  #backlog: Backlog | undefined;
  #isEnding = false;
  #hasEnded = false;

  constructor(handle: Handle, known: Means) {
    this.#handle = handle;
    this.#means = known;
    this.#bytesRead = handle.bytesRead;
    handle[known.owner] = this;
  }

  get isDestroyed(): boolean {
    return this.#handle === undefined;
  }

  get pendingBytes(): number {
    if (!this.#isWriting || this.#handle === undefined) return 0;
    return this.#handle.writeQueueSize + (this.#backlog?.byteLength ?? 0);
  }

  start(events: ByteStreamEvents, head: Uint8Array): void {
    this.#events = events;
    const handle = this.#handle;
    if (handle === undefined) {
      this.#receiveClosed();
      return;
    }
    handle.onread = this.#means.onread;
    handle.useUserBuffer(readBuffer);
    if (handle.readStart() !== 0) this.destroy();
    else if (head.length > 0) events.receive(head, head.length);
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#handle === undefined || this.#isEnding) return;
    if (this.#isWriting) {
      this.#backlog ??= new Backlog();
      for (const chunk of chunks) this.#backlog.add(chunk);
    } else {
      this.#write(this.#handle, chunks);
    }
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (!this.#isWriting) this.#shutdown();
  }

  destroy(): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#handle = undefined;
    this.#backlog = undefined;
    handle.close(() => this.#receiveClosed());
  }

  pauseReading(): void {
    this.#handle?.readStop();
  }

  resumeReading(): void {
    if (this.#events !== undefined && !this.#hasReadEnded) this.#handle?.readStart();
  }

  /** The handle has read into `readBuffer`, or found that there is nothing more to read. */
  receive(): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    const { bytesRead } = handle;
    const count = bytesRead - this.#bytesRead;
    this.#bytesRead = bytesRead;
    if (count > 0) {
      this.#events?.receive(readBuffer, count);
      return;
    }
    // Nothing came, and the handle does not say why. At the end of the stream it has stopped reading. After an error it
    // believes that it is reading, but cannot be started again; if it can, there was just nothing more to read.
    const isReading = handle.readStart() === this.#means.alreadyReading;
    handle.readStop();
    if (isReading && handle.readStart() === 0) return;
    this.#hasReadEnded = true;
    this.#events?.receiveEnd();
    if (this.#hasEnded) this.destroy();
  }

  #write(handle: Handle, chunks: readonly Uint8Array[]): void {
    const request = (writeRequest ??= new this.#means.WriteRequest());
    const status =
      chunks.length === 1 ? handle.writeBuffer(request, chunks[0]!) : handle.writev(request, chunks, true);
    if (request.getAsyncId() < 0) {
      recycle(chunks);
    } else {
      // The operating system has not taken everything: the rest has to wait, and what comes next behind it.
      writeRequest = undefined;
      this.#isWriting = true;
      request.stream = this;
      request.chunks = chunks;
      request.oncomplete = onWritten;
    }
    if (status !== 0) this.destroy();
  }

  /** What had to wait has been written, or cannot be. */
  receiveWritten(status: number): void {
    this.#isWriting = false;
    if (this.#handle === undefined) return;
    if (status !== 0) {
      this.destroy();
      return;
    }
    const waiting = this.#backlog?.take() ?? [];
    if (waiting.length > 0) this.#write(this.#handle, waiting);
    if (this.#isEnding && !this.#isWriting) this.#shutdown();
    this.#events?.receiveWritten();
  }

  /** Our half has ended. */
  receiveShutdown(status: number): void {
    this.#hasEnded = true;
    if (status !== 0 || this.#hasReadEnded) this.destroy();
  }

  #shutdown(): void {
    if (this.#handle === undefined) return;
    const request = new this.#means.ShutdownRequest();
    request.stream = this;
    request.oncomplete = onShutdown;
    const status = this.#handle.shutdown(request);
    if (status !== 0) this.receiveShutdown(status === doneAtOnce ? 0 : status);
  }

  #receiveClosed(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.receiveClosed();
  }
}

function onWritten(this: HandleRequest, status: number): void {
  this.stream?.receiveWritten(status);
}

function onShutdown(this: HandleRequest, status: number): void {
  this.stream?.receiveShutdown(status);
}

/** Learns from a socket how it uses its handle: `far` is the socket, `near` its peer. Both are used up. */
export async function learnAdoption(near: Socket, far: Socket): Promise<void> {
  const handle = handleOf(far);
  if (handle === undefined) throw new Error("sockets have no handle");
  const owner = Object.getOwnPropertySymbols(handle).find((symbol) => handle[symbol] === far);
  if (owner === undefined) throw new Error("the handle does not know its socket");
  const seen: { write?: HandleRequest; shutdown?: HandleRequest } = {};
  const methods = Object.getPrototypeOf(handle) as Handle;
  handle.writeBuffer = (request, bytes) => {
    const result = methods.writeBuffer.call(handle, request, bytes);
    // Since Node 26 there is no request before one is needed, and then it is what comes back.
    const used = request ?? result;
    if (typeof used === "object") seen.write = used;
    return result;
  };
  handle.shutdown = (request) => {
    seen.shutdown = request;
    return methods.shutdown.call(handle, request);
  };
  for (let count = 0; count < megabytesMax && seen.write === undefined; count++) far.write(megabyte);
  far.end();
  near.resume();
  await once(near, "end");
  if (seen.write === undefined || seen.shutdown === undefined) throw new Error("the handle was not used");
  // It is reading already, so this changes nothing.
  const alreadyReading = handle.readStart();
  if (alreadyReading === 0) throw new Error("readStart does not tell whether reading had begun");
  means = {
    Handle: handle.constructor,
    owner,
    WriteRequest: seen.write.constructor as HandleRequestClass,
    ShutdownRequest: seen.shutdown.constructor as HandleRequestClass,
    alreadyReading,
    onread() {
      (this[owner] as HandleStream).receive();
    },
  };
}
