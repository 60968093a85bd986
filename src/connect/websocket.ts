import type { BytesLike } from "../base/bytes.ts";
import { isBytesLike, toBytes } from "../base/bytes.ts";
import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { CloseCode, closeReasonBytesMax } from "../protocol/websocket/close-code.ts";
import { controlPayloadBytesMax } from "../protocol/websocket/opcode.ts";
import { showUrl } from "../transport/dial/handshake-error.ts";
import { ClientConnection, ReadyState } from "./client-connection.ts";
import type { BinaryType, ConnectOptions } from "./connect-options.ts";
import { resolveConnectOptions } from "./connect-options.ts";
import type { Ending } from "./ending.ts";
import { connectionClosed, isOrdinary } from "./ending.ts";
import { EventHandlers } from "./event-handlers.ts";
import { CloseEvent, ErrorEvent } from "./events.ts";
import { MessageDelivery } from "./message-delivery.ts";
import type { Message } from "./message-queue.ts";
import { parseWebSocketUrl } from "./websocket-url.ts";

/** The events of a WebSocket. */
export interface WebSocketEventMap {
  readonly open: Event;
  readonly message: MessageEvent;
  readonly error: ErrorEvent;
  readonly close: CloseEvent;
}

/** A listener as `addEventListener` takes it. */
export type WebSocketListener<Type extends Event = Event> =
  ((event: Type) => unknown) | { handleEvent(event: Type): unknown };

/** Options of `addEventListener`. */
export interface WebSocketListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly passive?: boolean;
  readonly signal?: AbortSignal;
}

/** Attributes and methods of the standard's interface. */
const standardMembers = [
  "url",
  "readyState",
  "bufferedAmount",
  "onopen",
  "onerror",
  "onclose",
  "extensions",
  "protocol",
  "close",
  "onmessage",
  "binaryType",
  "send",
] as const;

/** Sockets whose messages are kept from the start; `connect()` alone makes them. */
let holdMessages: (socket: WebSocket) => void;

/**
 * A WebSocket as the standard has it (https://websockets.spec.whatwg.org), for Node; and beside that what the standard
 * lacks: options for the handshake, `for await`, backpressure in both directions, pings.
 *
 * @example
 * const socket = new WebSocket("wss://example.com/feed", ["v2", "v1"]);
 * socket.onmessage = (event) => console.log(event.data);
 */
export class WebSocket extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;
  readonly #url: string;
  readonly #origin: string;
  readonly #handlers: EventHandlers = new EventHandlers(this);
  readonly #connection: ClientConnection;
  readonly #delivery: MessageDelivery;
  readonly #opened: Promise<void>;
  readonly #closed: Promise<Ending>;
  #binaryType: BinaryType;
  /** Payload bytes sent since nothing waited, to tell them from the frames around them. */
  #sentBytes = 0;
  /** Payload bytes that will never be sent. */
  #lostBytes = 0;
  #settleOpened: (error?: unknown) => void = () => {};
  #settleClosed: (ending: Ending) => void = () => {};

  static {
    for (const [name, value] of Object.entries(ReadyState)) {
      const constant = { value, enumerable: true };
      Object.defineProperty(this, name.toUpperCase(), constant);
      Object.defineProperty(this.prototype, name.toUpperCase(), constant);
    }
    // As WebIDL has it, so that whoever looks through an object's members finds those of the standard.
    for (const name of standardMembers) Object.defineProperty(this.prototype, name, { enumerable: true });
    holdMessages = (socket) => socket.#delivery.hold();
  }

  /**
   * Begins to connect.
   *
   * @param url `ws:`, `wss:`, `http:` or `https:`; a user and password in it become an Authorization field.
   * @param protocols Subprotocols to offer, or options, of which `protocols` is one.
   * @throws DOMException SyntaxError for a URL or subprotocols that are none; WaterspoutError SETTING_UNKNOWN,
   *   SETTING_INVALID or HEADER_INVALID for options.
   */
  constructor(url: string | URL, protocols: string | readonly string[] | ConnectOptions = []) {
    super();
    const parsed = parseWebSocketUrl(url);
    const options = resolveConnectOptions(isList(protocols) ? { protocols } : protocols, parsed);
    this.#url = parsed.href;
    this.#origin = `${parsed.protocol}//${parsed.host}`;
    this.#binaryType = options.binaryType;
    this.#opened = new Promise((resolve, reject) => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a signal may be aborted with anything
      this.#settleOpened = (error) => (error === undefined ? resolve() : reject(error));
    });
    // Who listens to events does not look at the promise.
    this.#opened.catch(() => {});
    this.#closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#connection = new ClientConnection(parsed, options, {
      receiveOpen: () => this.#receiveOpen(),
      receiveMessage: (message, byteLength) => this.#delivery.receive(message, byteLength),
      receiveClose: (ending, error) => this.#receiveClose(ending, error),
    });
    const target = {
      dispatchMessage: (message: Message): void => this.#dispatchMessage(message),
      pauseReading: (): void => this.#connection.pauseReading(),
      resumeReading: (): void => this.#connection.resumeReading(),
    };
    this.#delivery = new MessageDelivery(target, options.limits);
  }

  /** The URL, with the scheme `ws` or `wss`. */
  get url(): string {
    return this.#url;
  }

  /** CONNECTING, OPEN, CLOSING or CLOSED. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#connection.readyState;
  }

  /** The subprotocol that the server chose; empty for none. */
  get protocol(): string {
    return this.#connection.protocol;
  }

  /** The extensions that were agreed on, as the server wrote them; empty for none. */
  get extensions(): string {
    return this.#connection.extensions;
  }

  /** Payload bytes that were given to `send` and have not reached the operating system. */
  get bufferedAmount(): number {
    return this.#lostBytes + Math.min(this.#sentBytes, this.#connection.bufferedAmount);
  }

  /** What a binary message is in a message event. Iterators yield a Uint8Array in any case. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    // As with any enumeration of the platform: another value changes nothing.
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  get onopen(): ((event: Event) => unknown) | null {
    return this.#handlers.get("open");
  }

  set onopen(handler: ((event: Event) => unknown) | null) {
    this.#handlers.set("open", handler);
  }

  get onmessage(): ((event: MessageEvent) => unknown) | null {
    return this.#handlers.get("message");
  }

  set onmessage(handler: ((event: MessageEvent) => unknown) | null) {
    this.#handlers.set("message", handler);
  }

  get onerror(): ((event: Event) => unknown) | null {
    return this.#handlers.get("error");
  }

  set onerror(handler: ((event: Event) => unknown) | null) {
    this.#handlers.set("error", handler);
  }

  get onclose(): ((event: CloseEvent) => unknown) | null {
    return this.#handlers.get("close");
  }

  set onclose(handler: ((event: CloseEvent) => unknown) | null) {
    this.#handlers.set("close", handler);
  }

  override addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: WebSocketListener<WebSocketEventMap[Type]> | null,
    options?: boolean | WebSocketListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: WebSocketListener | null,
    options?: boolean | WebSocketListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: WebSocketListener<never> | null,
    options?: boolean | WebSocketListenerOptions,
  ): void {
    super.addEventListener(type, listener as (event: Event) => void, options);
    if (type === "message" && listener !== null) this.#delivery.addListener();
  }

  override removeEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: WebSocketListener<WebSocketEventMap[Type]> | null,
    options?: boolean | WebSocketListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: WebSocketListener | null,
    options?: boolean | WebSocketListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: WebSocketListener<never> | null,
    options?: boolean | WebSocketListenerOptions,
  ): void {
    super.removeEventListener(type, listener as (event: Event) => void, options);
  }

  /**
   * Sends a message: a string as text, bytes and Blobs as binary. Anything else is sent as the string that it makes, as the standard
   * says. When the connection is closing or closed, nothing is sent.
   *
   * @throws DOMException InvalidStateError while it is connecting.
   */
  send(data: string | BytesLike | Blob): void {
    if (this.readyState === ReadyState.connecting) {
      throw new DOMException("a WebSocket cannot send before it is open", "InvalidStateError");
    }
    const message =
      data instanceof Blob || typeof data === "string"
        ? data
        : isBytesLike(data)
          ? toBytes(data)
          : String(data);
    const byteLength =
      typeof message === "string"
        ? Buffer.byteLength(message)
        : message instanceof Blob
          ? message.size
          : message.length;
    if (this.readyState !== ReadyState.open) {
      this.#lostBytes += byteLength;
      return;
    }
    const { outbox } = this.#connection;
    this.#forgetSent();
    this.#sentBytes += byteLength;
    if (typeof message === "string") outbox.sendText(message);
    else if (message instanceof Blob) outbox.sendBlob(message);
    else outbox.sendBinary(message);
  }

  /**
   * Begins the closing handshake, or gives up the attempt to connect. What was sent before still goes out.
   *
   * @throws DOMException InvalidAccessError for a code that is neither 1000 nor from 3000 to 4999; SyntaxError for a reason of
   *   more than 123 bytes in UTF-8.
   */
  close(code?: number, reason: string = ""): void {
    const closeCode = code === undefined ? undefined : clampToUnsignedShort(code);
    if (closeCode !== undefined && closeCode !== 1000 && (closeCode < 3000 || closeCode > 4999)) {
      const message = `a close code is 1000 or from 3000 to 4999, got ${closeCode}`;
      throw new DOMException(message, "InvalidAccessError");
    }
    const given: unknown = reason;
    const text = String(given);
    const reasonBytes = Buffer.byteLength(text);
    if (reasonBytes > closeReasonBytesMax) {
      const message = `a close reason has at most ${closeReasonBytesMax} bytes in UTF-8, got ${reasonBytes}`;
      throw new DOMException(message, "SyntaxError");
    }
    this.#forgetSent();
    this.#connection.close(closeCode ?? (text === "" ? undefined : CloseCode.normal), text);
  }

  /** Cuts the connection, or the attempt to make one, without a close frame. */
  terminate(): void {
    this.#connection.terminate();
  }

  /**
   * Sends a ping. Resolves when its pong comes; without data each ping has data of its own, so that the right pong is known.
   *
   * @throws WaterspoutError (as a rejection) CONNECTION_CLOSED when the connection is not open or ends before the pong comes,
   *   PINGS_UNANSWERED, PING_TOO_LONG for more than 125 bytes, ARGUMENT_TYPE_INVALID.
   */
  ping(data?: string | BytesLike): Promise<void> {
    const answered = this.#ping(data);
    // Who does not wait for the pong has nothing to catch: how the connection ended is told elsewhere.
    answered.catch(() => {});
    return answered;
  }

  async #ping(data: string | BytesLike | undefined): Promise<void> {
    this.#forgetSent();
    if (data === undefined) return this.#connection.ping();
    if (typeof data !== "string" && !isBytesLike(data)) {
      const details = { name: "data", expected: "a string or bytes", got: kindOf(data) };
      throw misuse("ARGUMENT_TYPE_INVALID", details);
    }
    const bytes = typeof data === "string" ? Buffer.from(data) : toBytes(data);
    if (bytes.length > controlPayloadBytesMax) throw misuse("PING_TOO_LONG", { got: bytes.length });
    return this.#connection.ping(bytes);
  }

  /** Resolves when no more than `highWaterMarkBytes` wait to be sent, or the connection is over. */
  drained(): Promise<void> {
    return this.#connection.drained();
  }

  /** Resolves when the connection is open; rejects with what went wrong when it will not be. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** Resolves when the connection is over, or the attempt to make it has failed. Never rejects. */
  get closed(): Promise<Ending> {
    return this.#closed;
  }

  /**
   * Messages one by one, text as strings and binary as Uint8Array. They wait in a bounded queue, and when it is full the
   * server is slowed down. The iteration ends when the connection is closed with 1000, 1001, without a code, or by this side; otherwise
   * it throws CONNECTION_CLOSED when all messages have been read. Leaving the loop does not close the connection.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined, undefined> {
    return this.#delivery.iterate();
  }

  /** Closes, and waits until it is closed. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#closed;
  }

  get [Symbol.toStringTag](): string {
    return "WebSocket";
  }

  /** Whatever waits from now on, what was sent before has gone. */
  #forgetSent(): void {
    if (this.#connection.bufferedAmount === 0) this.#sentBytes = 0;
  }

  #receiveOpen(): void {
    this.#settleOpened();
    this.dispatchEvent(new Event("open"));
  }

  #dispatchMessage(message: Message): void {
    let data: string | ArrayBuffer | Blob;
    if (typeof message === "string") data = message;
    else if (this.#binaryType === "blob") data = new Blob([message]);
    else data = bufferOf(message, this.#delivery.isShared);
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#origin }));
  }

  #receiveClose(ending: Ending, error: unknown): void {
    this.#lostBytes = this.bufferedAmount;
    this.#sentBytes = 0;
    const isEnd = error === undefined && (this.#connection.isEndedByProgram || isOrdinary(ending));
    const reason = error ?? connectionClosed(showUrl(new URL(this.#url)), ending, undefined);
    this.#settleOpened(reason);
    this.#delivery.end(isEnd ? undefined : reason);
    if (error !== undefined) this.dispatchEvent(new ErrorEvent("error", { error }));
    this.dispatchEvent(new CloseEvent("close", ending));
    this.#settleClosed(ending);
  }
}

export { holdMessages };

function isList(protocols: unknown): protocols is string | readonly string[] {
  return typeof protocols === "string" || Array.isArray(protocols);
}

/** WebIDL's `[Clamp] unsigned short`: to the nearest whole number in the range, of two the even one; 0 for what is no number. */
function clampToUnsignedShort(value: unknown): number {
  const number = Math.min(Math.max(Number(value), 0), 65_535);
  if (Number.isNaN(number)) return 0;
  const floor = Math.floor(number);
  if (number - floor !== 0.5) return Math.round(number);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Memory that holds the message and nothing else. */
function bufferOf(bytes: Uint8Array, isShared: boolean): ArrayBuffer {
  const { buffer } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length;
  return isWhole && !isShared ? buffer : new Uint8Array(bytes).buffer;
}
