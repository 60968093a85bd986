import type { Problem } from "../base/errors.ts";
import { describe, misuse } from "../base/errors.ts";
import { isThenable } from "../base/thenable.ts";
import { CloseCode } from "../protocol/websocket/close-code.ts";
import type { Subscriber } from "../hub/engine.ts";
import type { SharedMessage } from "../protocol/websocket/shared-message.ts";
import type { Transport, TransportEvents } from "../transport/transport.ts";
import type { Environment } from "./environment.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { WebSocketHandler } from "./websocket-handler.ts";

/** Something for the handler that has arrived and waits its turn. */
type Inbound =
  | { readonly kind: "message"; readonly data: string | Uint8Array; readonly byteLength: number }
  | { readonly kind: "ping" | "pong"; readonly data: Uint8Array; readonly byteLength: number };

/**
 * Keeps the promises that `WebSocketHandler` makes about its hooks, over any transport: `open`, then messages one at a
 * time and in order, then `onClose` once.
 *
 * While a hook is awaited the session is busy, and what arrives waits in a queue; past the limits of the queue the
 * transport is not read, which slows the peer down (one read may carry the queue past its limit, never two). Pings and
 * pongs do not wait for messages, only for `open`. After a local `close()` or a failed hook nothing more is handed
 * over; after the peer's close what came before it still is.
 */
export class WebSocketSession implements TransportEvents, Subscriber<SharedMessage> {
  readonly #handler: WebSocketHandler<object>;
  readonly #transport: Transport;
  readonly #environment: Environment;
  readonly #sessions: SessionRegistry;
  readonly #openedAt: number = performance.now();
  channels: Set<string> | undefined;
  #queue: Inbound[] | undefined;
  /** How many at the front of the queue have been handed over. */
  #taken = 0;
  /** Async `onPing` and `onPong` that have not finished. */
  #controls = 0;
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
    environment: Environment,
    sessions: SessionRegistry,
  ) {
    this.#handler = handler;
    this.#transport = transport;
    this.#environment = environment;
    this.#sessions = sessions;
  }

  /** Begins to read, and opens the handler. */
  start(): void {
    this.#sessions.add(this);
    this.#handler.attachSession(this);
    this.#transport.start(this);
    try {
      const result: unknown = this.#handler.open();
      if (isThenable(result)) {
        this.#settleLater(result, () => this.#settleOpen());
        return;
      }
    } catch (error) {
      this.#receiveFailure(error);
    }
    this.#settleOpen();
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

  sendText(text: string, compress?: boolean): boolean {
    return this.#transport.sendText(text, compress);
  }

  sendBinary(bytes: Uint8Array, compress?: boolean): boolean {
    return this.#transport.sendBinary(bytes, compress);
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

  /** False when the connection is not open. */
  subscribe(channel: string): boolean {
    if (!this.isOpen) return false;
    const limit = this.#environment.settings.websocket.maxSubscriptions;
    if (this.channels !== undefined && this.channels.size >= limit && !this.channels.has(channel)) {
      throw misuse("SUBSCRIPTIONS_TOO_MANY", { limit });
    }
    this.#environment.engine.subscribe(channel, this);
    return true;
  }

  unsubscribe(channel: string): void {
    this.#environment.engine.unsubscribe(channel, this);
  }

  receivePublication(message: SharedMessage): void {
    this.#transport.sendShared(message);
  }

  receiveText(data: string, byteLength: number): void {
    if (this.#isBusy) this.#enqueue({ kind: "message", data, byteLength });
    else this.#handMessage(data);
  }

  receiveBinary(data: Uint8Array): void {
    if (this.#isBusy) this.#enqueue({ kind: "message", data, byteLength: data.length });
    else this.#handMessage(data);
  }

  receivePing(data: Uint8Array): void {
    if (this.#hasOpened) this.#handControl("ping", data);
    else this.#enqueue({ kind: "ping", data, byteLength: data.length });
  }

  receivePong(data: Uint8Array): void {
    if (this.#hasOpened) this.#handControl("pong", data);
    else this.#enqueue({ kind: "pong", data, byteLength: data.length });
  }

  receiveClosing(problem: Problem | undefined): void {
    this.#problem ??= problem;
    this.#environment.engine.unsubscribeAll(this);
    this.#handler.abortSignal();
  }

  receiveClosed(): void {
    this.#isClosed = true;
    const { closeCode: code = CloseCode.abnormal, closeReason: reason, traffic } = this.#transport;
    const seconds = (performance.now() - this.#openedAt) / 1000;
    const closed = { code, reason, seconds, traffic, problem: this.#problem, kind: this.#transport.kind };
    this.#environment.log.closed(this.#handler.request, closed);
    this.#handOver();
  }

  #enqueue(inbound: Inbound): void {
    if (this.#isDiscarding) return;
    (this.#queue ??= []).push(inbound);
    this.#queuedBytes += inbound.byteLength;
    this.#pauseWhenFull();
  }

  /** Hands over what waits, as far as the handler takes it; then, if it is over, says so. */
  #handOver(): void {
    while (!this.#isBusy) {
      const inbound = this.#queue?.[this.#taken];
      if (inbound === undefined) break;
      this.#taken++;
      this.#queuedBytes -= inbound.byteLength;
      if (inbound.kind === "message") this.#handMessage(inbound.data);
      else this.#handControl(inbound.kind, inbound.data);
    }
    this.#forgetTaken();
    this.#resumeWhenEmptier();
    if (this.#isClosed && !this.#isBusy) this.#finish();
  }

  /** Removes what was handed over from the queue: all at once or half of it, so that a long queue is not moved each time. */
  #forgetTaken(): void {
    if (this.#queue === undefined || this.#taken * 2 < this.#queue.length) return;
    if (this.#taken === this.#queue.length) this.#queue = undefined;
    else this.#queue.splice(0, this.#taken);
    this.#taken = 0;
  }

  /** What waits for the handler, or is being handled beside it. */
  get #waiting(): number {
    return (this.#queue?.length ?? 0) - this.#taken + this.#controls;
  }

  #handMessage(data: string | Uint8Array): void {
    if (this.#isDiscarding) return;
    this.#isBusy = true;
    try {
      const result: unknown = this.#handler.onMessage(data);
      if (isThenable(result)) {
        this.#settleLater(result, () => this.#settleMessage());
        return;
      }
    } catch (error) {
      this.#receiveFailure(error);
    }
    this.#isBusy = false;
  }

  #handControl(kind: "ping" | "pong", data: Uint8Array): void {
    if (this.#isDiscarding) return;
    try {
      const result: unknown = kind === "ping" ? this.#handler.onPing(data) : this.#handler.onPong(data);
      if (!isThenable(result)) return;
      this.#controls++;
      this.#pauseWhenFull();
      this.#settleLater(result, () => {
        this.#controls--;
        this.#handOver();
      });
    } catch (error) {
      this.#receiveFailure(error);
    }
  }

  /** Calls `then` when an async hook is done, also when it has failed. */
  #settleLater(result: PromiseLike<unknown>, then: () => void): void {
    // By a real promise, since not every thenable keeps the promises that promises make.
    Promise.resolve(result).then(then, (error: unknown) => {
      this.#receiveFailure(error);
      then();
    });
  }

  #settleOpen(): void {
    this.#hasOpened = true;
    this.#settleMessage();
  }

  #settleMessage(): void {
    this.#isBusy = false;
    this.#handOver();
  }

  #receiveFailure(error: unknown): void {
    if (!this.#logFailure(error)) return;
    this.#discard();
    this.#transport.fail(describe("WS_HANDLER_FAILED", {}));
  }

  /** False for what is no failure: whoever waited for something with `signal` has been told that the connection has closed. */
  #logFailure(error: unknown): boolean {
    if (this.#handler.isAbortedBy(error)) return false;
    this.#environment.log.failed(this.#handler.request, error);
    return true;
  }

  #discard(): void {
    this.#isDiscarding = true;
    this.#queue = undefined;
    this.#taken = 0;
    this.#queuedBytes = 0;
  }

  #finish(): void {
    // From here on the session is busy for good: nothing can call `onClose` again.
    this.#isBusy = true;
    const { closeCode = CloseCode.abnormal, closeReason } = this.#transport;
    const finished = (): void => this.#sessions.delete(this);
    try {
      const result: unknown = this.#handler.onClose(closeCode, closeReason);
      if (isThenable(result)) {
        Promise.resolve(result).then(finished, (error: unknown) => {
          this.#logFailure(error);
          finished();
        });
        return;
      }
    } catch (error) {
      this.#logFailure(error);
    }
    finished();
  }

  #pauseWhenFull(): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#environment.settings.websocket;
    if (this.#isPaused || (this.#waiting < maxQueuedMessages && this.#queuedBytes < maxQueuedBytes)) return;
    this.#isPaused = true;
    this.#transport.pauseReading();
  }

  #resumeWhenEmptier(): void {
    if (!this.#isPaused) return;
    const { maxQueuedMessages, maxQueuedBytes } = this.#environment.settings.websocket;
    if (this.#waiting > maxQueuedMessages / 2 || this.#queuedBytes > maxQueuedBytes / 2) return;
    this.#isPaused = false;
    this.#transport.resumeReading();
  }
}
