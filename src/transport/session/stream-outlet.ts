import { encodeEvent, heartbeatComment } from "../../protocol/session/event-stream.ts";
import type { ResponseStream } from "../response-stream.ts";
import type { Outlet, OutletOptions, OutletSource } from "./outlet.ts";

/** How much is put together into one write, in characters. */
const writeCharactersMax = 64 * 1024;

/** Header fields of a stream: nobody on the way shall store, compress or gather it. */
export const streamHeaders = [
  ["Content-Type", "text/event-stream; charset=utf-8"],
  ["Cache-Control", "no-store, no-transform"],
  // nginx buffers the answers of those behind it unless they say this.
  ["X-Accel-Buffering", "no"],
  ["X-Content-Type-Options", "nosniff"],
] as const;

export interface StreamOutletOptions extends OutletOptions {
  /** What stands before the number in the ids of events. */
  readonly idPrefix: string;
  /** Milliseconds between comments while there is nothing to say; 0 for none. */
  readonly heartbeatMs: number;
  /** When to end the stream, as `performance.now()` says it. */
  readonly endsAt: number;
  /** After how many characters to end the stream. */
  readonly charactersMax: number;
  /** To be called when the connection takes more. */
  readonly onRoom: () => void;
}

/** A stream of server-sent events, until it is old or long enough to be continued by another one. */
export class StreamOutlet implements Outlet {
  readonly #stream: ResponseStream;
  readonly #options: StreamOutletOptions;
  #cursor: number;
  #writtenAt: number = performance.now();
  #written = 0;
  #isDone = false;

  /** Says hello at once, so that the client knows that nobody on the way holds the stream back. */
  constructor(stream: ResponseStream, source: OutletSource, options: StreamOutletOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#cursor = options.cursor;
    stream.start({ receiveDrain: options.onRoom, receiveClosed: () => this.#done() });
    // Clients that were disconnected together shall not come back together.
    const retryMs = 500 + Math.floor(Math.random() * 1000);
    this.#write(`retry: ${retryMs}\n${encodeEvent("session", { ack: source.taken, ...options.opening })}`);
  }

  get cursor(): number {
    return this.#cursor;
  }

  get dueAt(): number {
    const { heartbeatMs, endsAt } = this.#options;
    return Math.min(endsAt, heartbeatMs === 0 ? Infinity : this.#writtenAt + heartbeatMs);
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  flush(source: OutletSource, now: number): void {
    if (this.#isDone) return;
    const { endsAt, charactersMax, heartbeatMs } = this.#options;
    this.#writeRecords(source);
    if (this.#cursor === source.outbox.last && source.ending !== undefined) {
      this.finish(source);
    } else if (now >= endsAt || this.#written >= charactersMax) {
      this.#end();
    } else if (heartbeatMs > 0 && now >= this.#writtenAt + heartbeatMs) {
      this.#write(heartbeatComment);
    }
  }

  finish(source: OutletSource): void {
    if (this.#isDone) return;
    if (source.ending !== undefined && this.#cursor === source.outbox.last) {
      this.#write(encodeEvent("close", source.ending));
    }
    this.#end();
  }

  /** Cuts the connection, whose client does not seem to be there any more. */
  destroy(): void {
    this.#stream.destroy();
    this.#done();
  }

  /** Writes as much as the connection takes. */
  #writeRecords({ outbox }: OutletSource): void {
    // What was acknowledged meanwhile need not be sent any more.
    this.#cursor = Math.max(this.#cursor, outbox.acknowledged);
    while (this.#cursor < outbox.last && !this.#stream.needsDrain) {
      let text = "";
      for (const event of outbox.after(this.#cursor)) {
        this.#cursor++;
        text += `id: ${this.#options.idPrefix}${this.#cursor}\n${event}`;
        if (text.length >= writeCharactersMax) break;
      }
      this.#write(text);
    }
  }

  #write(text: string): void {
    // What a client that acknowledges nothing has, is told by the operating system alone.
    this.#stream.write(text, this.#options.idPrefix === "" ? undefined : this.#options.onRoom);
    this.#written += text.length;
    this.#writtenAt = performance.now();
  }

  #end(): void {
    this.#stream.end();
    this.#done();
  }

  #done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#options.onDone(this);
  }
}
