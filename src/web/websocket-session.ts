import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";
import type { WebSocketLimits } from "../base/limits.ts";
import { CloseCode } from "../protocol/websocket/close-code.ts";
import type { Transport, TransportEvents, TransportKind } from "../transport/transport.ts";
import type { WebSocketHandler } from "./websocket-handler.ts";

/** Something for the handler that has arrived and waits its turn. */
type Inbound =
  | { readonly kind: "message"; readonly data: string | Uint8Array; readonly byteLength: number }
  | { readonly kind: "ping" | "pong"; readonly data: Uint8Array; readonly byteLength: number };

/** What a session tells the layer that made it. */
export interface SessionObserver {
  /** A hook threw. */
  failed(error: unknown): void;
  /** The connection is over; `problem` is the rule or limit that was broken, if one was. */
  closed(problem: Problem | undefined): void;
  /** `onClose` has finished as well: nothing of this session runs any more. */
  finished(): void;
}

/**
 * Keeps the promises that `WebSocketHandler` makes about its hooks, over any transport: `open`, then messages one at a
 * time and in order, then `onClose` once.
 *
 * While a hook is awaited the session is busy, and what arrives waits in a queue; past the limits of the queue the
 * transport is not read, which slows the peer down (one read may carry the queue past its limit, never two). Pings and
 * pongs do not wait for messages, only for `open`. After a local `close()` or a failed hook nothing more is handed
 * over; after the peer's close what came before it still is.
 */
export class WebSocketSession implements TransportEvents {
  readonly #handler: WebSocketHandler<object>;
  readonly #transport: Transport;
  readonly #limits: WebSocketLimits;
  readonly #observer: SessionObserver;
  #queue: Inbound[] = [];
  #queuedBytes = 0;
  #hasOpened = false;
  #isBusy = true;
  #isPaused = false;
  #isDiscarding = false;
  #isClosed = false;
  #problem: Problem | undefined;

  constructor(
    handler: WebSocketHandler<object>,
    transport: Transport,
    limits: WebSocketLimits,
    observer: SessionObserver,
  ) {
    this.#handler = handler;
    this.#transport = transport;
    this.#limits = limits;
    this.#observer = observer;
  }

  /** Begins to read, and opens the handler. */
  start(): void {
    this.#handler.attachSession(this);
    this.#transport.start(this);
    this.#run(
      () => this.#handler.open(),
      () => {
        this.#hasOpened = true;
        this.#isBusy = false;
      },
    );
    this.#handOver();
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  get bufferedAmount(): number {
    return this.#transport.bufferedAmount;
  }

  get closeCode(): number | undefined {
    return this.#transport.closeCode;
  }

  get closeReason(): string {
    return this.#transport.closeReason;
  }

  get subprotocol(): string {
    return this.#transport.subprotocol;
  }

  get transport(): TransportKind {
    return this.#transport.kind;
  }

  sendText(text: string): boolean {
    return this.#transport.sendText(text);
  }

  sendBinary(bytes: Uint8Array): boolean {
    return this.#transport.sendBinary(bytes);
  }

  sendPing(payload: Uint8Array): boolean {
    return this.#transport.sendPing(payload);
  }

  drained(): Promise<void> {
    return this.#transport.drained();
  }

  close(code: number | undefined, reason: string): void {
    if (this.isOpen) this.#discard();
    this.#transport.close(code, reason);
  }

  /** Closes because of `problem`; what has arrived is still handed over. */
  fail(problem: Problem): void {
    this.#transport.fail(problem);
  }

  receiveText(data: string, byteLength: number): void {
    this.#receive({ kind: "message", data, byteLength });
  }

  receiveBinary(data: Uint8Array): void {
    this.#receive({ kind: "message", data, byteLength: data.length });
  }

  receivePing(data: Uint8Array): void {
    this.#receive({ kind: "ping", data, byteLength: data.length });
  }

  receivePong(data: Uint8Array): void {
    this.#receive({ kind: "pong", data, byteLength: data.length });
  }

  receiveClosing(problem: Problem | undefined): void {
    this.#problem ??= problem;
    this.#handler.abortSignal();
  }

  receiveClosed(): void {
    this.#isClosed = true;
    this.#observer.closed(this.#problem);
    this.#handOver();
  }

  #receive(inbound: Inbound): void {
    if (this.#isDiscarding) return;
    if (inbound.kind !== "message" && this.#hasOpened) {
      this.#runControlHook(inbound);
    } else if (this.#isBusy) {
      this.#queue.push(inbound);
      this.#queuedBytes += inbound.byteLength;
      this.#pauseWhenFull();
    } else {
      this.#runHook(inbound);
    }
  }

  /** Hands over what waits, as far as the handler takes it; then, if it is over, says so. */
  #handOver(): void {
    let taken = 0;
    while (!this.#isBusy && taken < this.#queue.length) {
      const inbound = this.#queue[taken++];
      if (inbound === undefined) break;
      this.#queuedBytes -= inbound.byteLength;
      if (inbound.kind === "message") this.#runHook(inbound);
      else this.#runControlHook(inbound);
    }
    // A failed hook has emptied the queue already.
    this.#queue.splice(0, taken);
    this.#resumeWhenEmptier();
    if (this.#isClosed && !this.#isBusy) this.#finish();
  }

  #runHook(inbound: Inbound): void {
    this.#isBusy = true;
    this.#run(
      () => this.#handler.onMessage(inbound.data),
      () => {
        this.#isBusy = false;
      },
    );
  }

  #runControlHook(inbound: Inbound): void {
    const { kind, data } = inbound;
    if (kind === "message") return;
    this.#run(
      () => (kind === "ping" ? this.#handler.onPing(data) : this.#handler.onPong(data)),
      () => {},
    );
  }

  /** Calls a hook; `then` follows when it is done, at once if it is not async, and also when it has failed. */
  #run(hook: () => unknown, then: () => void): void {
    try {
      const result = hook();
      if (isThenable(result)) {
        // By a real promise, since not every thenable keeps the promises that promises make.
        Promise.resolve(result).then(
          () => this.#settle(then),
          (error: unknown) => {
            this.#receiveFailure(error);
            this.#settle(then);
          },
        );
        return;
      }
    } catch (error) {
      this.#receiveFailure(error);
    }
    then();
  }

  #settle(then: () => void): void {
    then();
    this.#handOver();
  }

  #receiveFailure(error: unknown): void {
    this.#observer.failed(error);
    this.#discard();
    this.#transport.fail(describe("WS_HANDLER_FAILED", {}));
  }

  #discard(): void {
    this.#isDiscarding = true;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #finish(): void {
    // From here on the session is busy for good: nothing can call `onClose` again.
    this.#isBusy = true;
    const { closeCode = CloseCode.abnormal, closeReason } = this.#transport;
    const finished = (): void => this.#observer.finished();
    try {
      const result: unknown = this.#handler.onClose(closeCode, closeReason);
      if (isThenable(result)) {
        Promise.resolve(result).then(finished, (error: unknown) => {
          this.#observer.failed(error);
          finished();
        });
        return;
      }
    } catch (error) {
      this.#observer.failed(error);
    }
    finished();
  }

  #pauseWhenFull(): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (this.#isPaused || (this.#queue.length < maxQueuedMessages && this.#queuedBytes < maxQueuedBytes))
      return;
    this.#isPaused = true;
    this.#transport.pauseReading();
  }

  #resumeWhenEmptier(): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (
      !this.#isPaused ||
      this.#queue.length > maxQueuedMessages / 2 ||
      this.#queuedBytes > maxQueuedBytes / 2
    )
      return;
    this.#isPaused = false;
    this.#transport.resumeReading();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
