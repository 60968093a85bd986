import { isBytesLike, noBytes, toBytes } from "../base/bytes.ts";
import { isCausedBy } from "../base/caused-by.ts";
import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import type { BytesLike } from "../base/bytes.ts";
import { CloseCode, closeReasonBytesMax, isSendableCloseCode } from "../protocol/websocket/close-code.ts";
import type { AcceptedMessages } from "../protocol/websocket/message-assembler.ts";
import { controlPayloadBytesMax } from "../protocol/websocket/opcode.ts";
import type { TransportKind } from "../transport/transport.ts";
import type { Environment } from "./environment.ts";
import type { NoParams, HandlerContext } from "./handler.ts";
import { Handler } from "./handler.ts";
import { isOriginAllowed } from "./origin-check.ts";
import type { OutgoingMessage, SendOptions } from "./outgoing-message.ts";
import { checkChannel, encodeMessage, shareMessage } from "./outgoing-message.ts";
import type { WebSocketSession } from "./websocket-session.ts";

/**
 * Serves one WebSocket connection; an instance for each.
 *
 * What is guaranteed: `open` is called and has finished before the first message; messages are handed over one at a
 * time and in order, the next when `onMessage` has finished; then `onClose`, exactly once, also when a hook threw.
 * Pings, pongs and close frames are served while a message is being handled. All hooks may be async. A hook that
 * throws closes the connection with 1011, and the client is not told more.
 *
 * @example
 * class Echo extends WebSocketHandler {
 *   override onMessage(message: string | Uint8Array) {
 *     this.writeMessage(message);
 *   }
 * }
 */
export class WebSocketHandler<Params extends object = NoParams> extends Handler<Params> {
  /** The kinds of message this handler takes; another one closes the connection with 1003. */
  readonly acceptedMessages: AcceptedMessages = "any";
  readonly #environment: Environment;
  #session: WebSocketSession | undefined;
  #abort: AbortController | undefined;
  #isOver = false;
  #transport: TransportKind = "websocket";

  constructor(context: HandlerContext) {
    super(context);
    this.#environment = context.environment;
  }

  /**
   * Whether a page of this origin may connect. Called when there is an Origin header, that is, for browsers. The
   * default allows the server's own origin and those of the setting `allowedOrigins`. An override that returns true
   * for every origin lets any page on the web speak in the name of its visitor (cross-site WebSocket hijacking).
   */
  checkOrigin(origin: string): boolean | Promise<boolean> {
    return isOriginAllowed(origin, this.request, this.#environment.settings);
  }

  /** Chooses one of the subprotocols that the client offers, in its order of preference; undefined for none. */
  selectSubprotocol(_offered: readonly string[]): string | undefined | Promise<string | undefined> {
    return undefined;
  }

  /** The connection is open. */
  open(): void | Promise<void> {}

  /** A message came: text is a string, binary is bytes, which are the handler's to keep. */
  onMessage(_message: string | Uint8Array): void | Promise<void> {}

  /** A ping came; it has been answered already. */
  onPing(_data: Uint8Array): void | Promise<void> {}

  /** A pong came. */
  onPong(_data: Uint8Array): void | Promise<void> {}

  /**
   * The connection is over. The code is that of the first close frame in either direction, 1005 if it had none, 1006 if
   * the connection was lost without one.
   */
  onClose(_code: number, _reason: string): void | Promise<void> {}

  /**
   * Sends a message: a string as text, bytes as binary, any other object as JSON text. Bytes must not change until they
   * are sent.
   *
   * @param options `{ compress: false }` for what is compressed already, or is sent too rarely to be worth the work.
   * @returns false when the connection is not open (nothing is sent), or when more than `highWaterMarkBytes` is waiting
   *   now: then `await this.drained()` before sending much more.
   * @throws WaterspoutError ARGUMENT_TYPE_INVALID for anything else.
   */
  writeMessage(message: OutgoingMessage, options?: SendOptions): boolean {
    const data = encodeMessage(message);
    if (this.#session === undefined) return false;
    return typeof data === "string"
      ? this.#session.sendText(data, options?.compress)
      : this.#session.sendBinary(data, options?.compress);
  }

  /**
   * Has this connection receive what is published to a channel, until `unsubscribe` or the end of the connection.
   * Subscribing again does nothing.
   *
   * @param channel any name of 1 to 255 bytes, such as `room:7`; a channel exists while it has subscribers.
   * @returns false when the connection is not open any more.
   * @throws WaterspoutError CHANNEL_INVALID, NOT_OPEN_YET before `open`, SUBSCRIPTIONS_TOO_MANY past
   *   `maxSubscriptions`.
   * @example
   * class Room extends WebSocketHandler<{ id: string }> {
   *   override open() {
   *     this.subscribe(`room:${this.params.id}`);
   *   }
   *   override onMessage(message: string | Uint8Array) {
   *     this.publish(`room:${this.params.id}`, message);
   *   }
   * }
   */
  subscribe(channel: string): boolean {
    checkChannel(channel);
    if (this.#session === undefined) throw misuse("NOT_OPEN_YET", { what: "subscribe()" });
    return this.#session.subscribe(channel);
  }

  /** Has this connection receive no more of a channel. What was published before is still sent. */
  unsubscribe(channel: string): void {
    checkChannel(channel);
    this.#session?.unsubscribe(channel);
  }

  /**
   * Sends a message to all subscribers of a channel but this connection, which need not be one. It is encoded once,
   * however many there are, and stands in order with what `writeMessage` sends them. `Application.publish` reaches all.
   *
   * @throws WaterspoutError CHANNEL_INVALID, ARGUMENT_TYPE_INVALID as `writeMessage`
   */
  publish(channel: string, message: OutgoingMessage, options?: SendOptions): void {
    checkChannel(channel);
    this.#environment.engine.publish(channel, shareMessage(message, options), this.#session);
  }

  /** Resolves when no more than `highWaterMarkBytes` is waiting to be sent, or the connection is over. */
  drained(): Promise<void> {
    return this.#session?.drained() ?? Promise.resolve();
  }

  /**
   * Sends a ping; the answer comes to `onPong`. Connections are kept alive without it.
   *
   * @returns false when the connection is not open.
   * @throws WaterspoutError PING_TOO_LONG for more than 125 bytes (RFC 6455 §5.5).
   */
  ping(data: string | BytesLike = noBytes): boolean {
    const bytes =
      typeof data === "string" ? Buffer.from(data) : isBytesLike(data) ? toBytes(data) : undefined;
    if (bytes === undefined) {
      throw misuse("ARGUMENT_TYPE_INVALID", {
        name: "data",
        expected: "a string or bytes",
        got: kindOf(data),
      });
    }
    if (bytes.length > controlPayloadBytesMax) throw misuse("PING_TOO_LONG", { got: bytes.length });
    return this.#session?.sendPing(bytes) ?? false;
  }

  /**
   * Closes the connection. Messages that have not been handed over are dropped; `onClose` follows. A second call does
   * nothing.
   *
   * @param code 1000 if only a reason is given; none at all sends none.
   * @throws WaterspoutError CLOSE_CODE_INVALID, CLOSE_REASON_TOO_LONG, NOT_OPEN_YET before `open`: to refuse a connection,
   *   throw an `HttpError` in `prepare`.
   */
  close(code?: number, reason = ""): void {
    const sent = code ?? (reason === "" ? undefined : CloseCode.normal);
    if (sent !== undefined && !isSendableCloseCode(sent))
      throw misuse("CLOSE_CODE_INVALID", { code: kindOf(sent) });
    if (typeof reason !== "string") {
      throw misuse("ARGUMENT_TYPE_INVALID", { name: "reason", expected: "a string", got: kindOf(reason) });
    }
    const reasonBytes = Buffer.byteLength(reason);
    if (reasonBytes > closeReasonBytesMax) throw misuse("CLOSE_REASON_TOO_LONG", { got: reasonBytes });
    // Nobody who means to refuse shall let everybody in.
    if (this.#session === undefined && !this.#isOver) throw misuse("NOT_OPEN_YET", { what: "close()" });
    this.#session?.close(sent, reason);
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.#session?.isOpen ?? false;
  }

  /** Aborted when the connection closes, whoever began it, or is refused: for whatever a hook is waiting for. */
  get signal(): AbortSignal {
    // Most handlers never ask for a signal, so there is none until they do.
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Bytes accepted by `writeMessage` that have not reached the operating system. */
  get bufferedAmount(): number {
    return this.#session?.bufferedAmount ?? 0;
  }

  /** The close code, as `onClose` gets it; undefined while the connection is open. */
  get closeCode(): number | undefined {
    return this.#session?.closeCode;
  }

  /** The close reason, as `onClose` gets it; empty while the connection is open. */
  get closeReason(): string {
    return this.#session?.closeReason ?? "";
  }

  /** What `selectSubprotocol` chose; empty when it chose none. */
  get subprotocol(): string {
    return this.#session?.subprotocol ?? "";
  }

  /** How the messages travel: one of the route's `transports`, and the client's choice. */
  get transport(): TransportKind {
    return this.#transport;
  }

  /** Says how the messages will travel, before any hook is called. @internal */
  setTransport(kind: TransportKind): void {
    this.#transport = kind;
  }

  /** The connection is closing, or never came to be. @internal */
  abortSignal(): void {
    this.#isOver = true;
    this.#abort?.abort();
  }

  /** Whether something failed only because the connection has closed while it was waited for with `signal`. @internal */
  isAbortedBy(error: unknown): boolean {
    return this.#abort?.signal.aborted === true && isCausedBy(error, this.#abort.signal.reason);
  }

  /** `abortSignal` as a function that holds nothing but this handler. @internal */
  signalAborter(): () => void {
    return () => this.abortSignal();
  }

  /** @internal */
  attachSession(session: WebSocketSession): void {
    this.#session = session;
  }
}
