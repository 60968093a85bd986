import type { Socket } from "node:net";
import { recycle } from "../protocol/websocket/output-buffer.ts";
import { withOwnMemory } from "./backlog.ts";
import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";

/** A byte stream over any Node socket, TLS included, by documented means. */
export class SocketStream implements ByteStream {
  readonly #socket: Socket;
  #events: ByteStreamEvents | undefined;
  #isPaused = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** With TLS what is written is on its way only after this turn of the event loop. */
  get writesAtOnce(): boolean {
    return !("encrypted" in this.#socket);
  }

  get isDestroyed(): boolean {
    return this.#socket.destroyed;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  start(events: ByteStreamEvents, head: Uint8Array): void {
    this.#events = events;
    const socket = this.#socket;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      events.receive(chunk, chunk.length);
      // Node resumes a socket by itself when other listeners have left it.
      if (this.#isPaused) socket.pause();
    });
    socket.on("end", () => events.receiveEnd());
    socket.on("close", () => this.#receiveClosed());
    // What a broken connection means is said by the "close" that follows.
    socket.on("error", () => {});
    if (socket.destroyed) {
      // It broke while the handshake was being answered; its "close" is in the past.
      this.#receiveClosed();
      return;
    }
    if (head.length > 0) events.receive(head, head.length);
    // So may the end of the peer's stream be in the past.
    if (socket.readableEnded) events.receiveEnd();
  }

  write(chunks: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    // What has to wait must not keep memory alive that it is a small part of.
    const mustWait = socket.writableLength > 0;
    // A cork costs more than it saves where there is only one.
    if (chunks.length > 1) socket.cork();
    for (const chunk of chunks) socket.write(mustWait ? withOwnMemory(chunk) : chunk, this.#onWritten);
    if (chunks.length > 1) socket.uncork();
    if (socket.writableLength === 0) recycle(chunks);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pauseReading(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  readonly #onWritten = (): void => this.#events?.receiveWritten();

  #receiveClosed(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.receiveClosed();
  }
}
