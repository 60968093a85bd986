import type { Problem } from "../base/errors.ts";
import { describe, WaterspoutError } from "../base/errors.ts";
import { CloseCode } from "../protocol/websocket/close-code.ts";
import type { DialResult } from "../transport/dial/dial-options.ts";
import { handshakeFailure, showUrl, statusLine } from "../transport/dial/handshake-error.ts";
import { HeartbeatWheel } from "../transport/heartbeat.ts";
import type { TransportEvents } from "../transport/transport.ts";
import { dialWebSocket } from "../transport/websocket-client.ts";
import type { ResolvedConnectOptions } from "./connect-options.ts";
import type { Ending } from "./ending.ts";
import { abnormalEnding, connectionClosed, endingOf } from "./ending.ts";
import type { Message } from "./message-queue.ts";
import { Outbox } from "./outbox.ts";
import { PendingPings } from "./pending-pings.ts";

/** The states of the standard, by its numbers. */
export const ReadyState = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;

/** One of the four. */
export type ReadyStateNumber = (typeof ReadyState)[keyof typeof ReadyState];

/** What a connection tells the object that the program holds. */
export interface ConnectionObserver {
  receiveOpen(): void;
  receiveMessage(message: Message, byteLength: number): void;
  /** Called once; `error` says what failed, where something did. */
  receiveClose(ending: Ending, error: unknown): void;
}

type Opened = DialResult & { readonly kind: "opened" };

/** One timer for the heartbeats of all clients of this process. */
const heartbeats = new HeartbeatWheel();

/** A client's connection from the first packet to the last: the four states of the standard, and what happens in each. */
export class ClientConnection {
  readonly #url: URL;
  readonly #options: ResolvedConnectOptions;
  readonly #observer: ConnectionObserver;
  readonly #attempt = new AbortController();
  readonly #outbox: Outbox;
  readonly #pings = new PendingPings();
  #opened: Opened | undefined;
  /** What came while the program did not know yet that the connection is open. */
  #early: (() => void)[] | undefined;
  #problem: Problem | undefined;
  #failure: unknown;
  /** Whether the program has ended the connection. */
  isEndedByProgram = false;
  readyState: ReadyStateNumber = ReadyState.connecting;
  protocol = "";
  extensions = "";

  constructor(url: URL, options: ResolvedConnectOptions, observer: ConnectionObserver) {
    this.#url = url;
    this.#options = options;
    this.#observer = observer;
    const target = {
      sendText: (text: string): unknown => this.#opened?.transport.sendText(text),
      sendBinary: (bytes: Uint8Array): unknown => this.#opened?.transport.sendBinary(bytes),
      overflow: (buffered: number): void => {
        const limit = options.limits.maxSendQueueBytes;
        this.#opened?.transport.fail(describe("SLOW_CONSUMER", { buffered, limit }));
      },
      fail: (error: unknown): void => {
        this.#failure = error;
        this.#opened?.transport.close(CloseCode.internalError);
      },
    };
    this.#outbox = new Outbox(target, options.limits.maxSendQueueBytes);
    this.#dial();
  }

  /** Bytes that wait to be sent, frame headers included. */
  get bufferedAmount(): number {
    return this.#outbox.bytes + (this.#opened?.transport.bufferedAmount ?? 0);
  }

  /** To send with, while the connection is open. */
  get outbox(): Outbox {
    return this.#outbox;
  }

  /** Resolves when no more than the high-water mark waits to be sent, or it is over. */
  async drained(): Promise<void> {
    await this.#outbox.emptied();
    await this.#opened?.transport.drained();
  }

  /** Sends a ping; resolves with its pong, rejects when none will come. */
  ping(payload: Uint8Array = this.#pings.createPayload()): Promise<void> {
    const transport = this.#opened?.transport;
    if (transport === undefined || this.readyState !== ReadyState.open) {
      return Promise.reject(connectionClosed(showUrl(this.#url), abnormalEnding, this.#failure));
    }
    return this.#pings.add(payload, () => transport.sendPing(payload));
  }

  /** Ends the attempt to connect, or begins the closing handshake. */
  close(code?: number, reason?: string): void {
    if (this.readyState >= ReadyState.closing) return;
    this.isEndedByProgram = true;
    if (this.readyState === ReadyState.connecting) {
      this.#abandon(handshakeFailure("it was given up by close() or terminate() before it was complete"));
    } else {
      this.#outbox.after(() => this.#opened?.transport.close(code, reason));
    }
    this.readyState = ReadyState.closing;
  }

  /** Cuts the connection without a word. */
  terminate(): void {
    if (this.readyState === ReadyState.connecting) this.close();
    this.isEndedByProgram = true;
    this.#opened?.socket.destroy();
  }

  /** A full reader: the server is slowed down. */
  pauseReading(): void {
    this.#opened?.transport.pauseReading();
  }

  resumeReading(): void {
    if (this.readyState === ReadyState.open) this.#opened?.transport.resumeReading();
  }

  #dial(): void {
    const { signal } = this.#options;
    signal?.addEventListener("abort", this.#abort);
    if (signal?.aborted === true) this.#abort();
    dialWebSocket(this.#url, { ...this.#options, heartbeats, signal: this.#attempt.signal }).then(
      (result) => this.#receiveResult(result),
      (error: unknown) => this.#finish(abnormalEnding, error),
    );
  }

  readonly #abort = (): void => {
    if (this.readyState === ReadyState.connecting) this.#abandon(this.#options.signal?.reason);
    else this.close(CloseCode.normal);
  };

  #abandon(reason: unknown): void {
    this.#failure = reason;
    this.#attempt.abort(reason);
  }

  #receiveResult(result: DialResult): void {
    if (result.kind === "refused") {
      const { redirectsMax } = this.#options;
      const isRedirect = result.status >= 300 && result.status < 400;
      const reason = `${showUrl(result.url)} answered ${statusLine(result.status)}`;
      const advice = isRedirect ? ` (followRedirects allows ${redirectsMax} redirects)` : "";
      this.#finish(abnormalEnding, handshakeFailure(reason + advice, result));
    } else if (this.#attempt.signal.aborted) {
      // It was given up in the very moment in which it succeeded.
      result.socket.destroy();
      this.#finish(abnormalEnding, this.#failure);
    } else {
      this.#open(result);
    }
  }

  #open(result: Opened): void {
    this.#opened = result;
    this.protocol = result.transport.subprotocol;
    this.extensions = result.extensions;
    this.readyState = ReadyState.open;
    const early: (() => void)[] = [];
    this.#early = early;
    result.transport.start(this.#events(result));
    this.#observer.receiveOpen();
    this.#early = undefined;
    for (const event of early) event();
  }

  #events({ transport }: Opened): TransportEvents {
    const receiveMessage = (message: Message, byteLength: number): void => {
      if (this.#early !== undefined) this.#early.push(() => receiveMessage(message, byteLength));
      else if (this.readyState === ReadyState.open) this.#observer.receiveMessage(message, byteLength);
    };
    return {
      receiveText: receiveMessage,
      receiveBinary: (bytes) => receiveMessage(bytes, bytes.length),
      receivePing() {},
      receivePong: (payload) => this.#pings.receivePong(payload),
      receiveClosing: (problem) => {
        this.#problem = problem;
        const close = (): void => {
          this.readyState = ReadyState.closing;
        };
        if (this.#early === undefined) close();
        else this.#early.push(close);
      },
      receiveClosed: () => {
        const close = (): void => this.#receiveClosed(endingOf(transport, this.#problem));
        if (this.#early === undefined) close();
        else this.#early.push(close);
      },
    };
  }

  #receiveClosed(ending: Ending): void {
    const problem = this.#problem;
    if (problem !== undefined) this.#failure ??= new WaterspoutError(problem);
    // As other implementations do: an end without a goodbye is an error, unless it is our own doing.
    const isError = this.#failure !== undefined || (!ending.wasClean && !this.isEndedByProgram);
    this.#finish(ending, isError ? connectionClosed(showUrl(this.#url), ending, this.#failure) : undefined);
  }

  #finish(ending: Ending, error: unknown): void {
    this.readyState = ReadyState.closed;
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#pings.end(connectionClosed(showUrl(this.#url), ending, this.#failure));
    this.#observer.receiveClose(ending, error);
  }
}
