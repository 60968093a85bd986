import type { SocketState, UrlProvider } from "./connector.ts";
import { Connector } from "./connector.ts";
import type { CloseEvent, DroppedEvent, StateChangeEvent } from "./events.ts";
import { createCloseEvent, createEvent } from "./events.ts";
import type { Ending, OutgoingMessage, TransportName } from "./link.ts";
import { byteLengthOf } from "./link.ts";
import type { MessageData } from "./message-iteration.ts";
import { iterateMessages } from "./message-iteration.ts";
import { toScalars } from "./records.ts";
import { OfflineQueue } from "./offline-queue.ts";
import type { RealtimeSocketOptions, ResolvedOptions } from "./options.ts";
import { resolveOptions } from "./options.ts";

/** The events of a RealtimeSocket: the standard's four, and two of its own. */
export interface RealtimeSocketEventMap {
  readonly open: Event;
  readonly message: MessageEvent;
  readonly error: Event;
  readonly close: CloseEvent;
  readonly statechange: StateChangeEvent;
  readonly dropped: DroppedEvent;
}

/** A listener as `addEventListener` takes it. */
export type RealtimeSocketListener<Type> = ((event: Type) => unknown) | { handleEvent(event: Type): unknown };

/** Options of `addEventListener`. */
export interface ListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly passive?: boolean;
  readonly signal?: AbortSignal;
}

/** An EventTarget that knows the events. */
export interface RealtimeEventTarget extends Omit<EventTarget, "addEventListener" | "removeEventListener"> {
  addEventListener<Type extends keyof RealtimeSocketEventMap>(
    type: Type,
    listener: RealtimeSocketListener<RealtimeSocketEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: RealtimeSocketListener<Event> | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<Type extends keyof RealtimeSocketEventMap>(
    type: Type,
    listener: RealtimeSocketListener<RealtimeSocketEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: RealtimeSocketListener<Event> | null,
    options?: boolean | ListenerOptions,
  ): void;
}

/** The class that there is everywhere, with those types. */
const TypedEventTarget: new () => RealtimeEventTarget = EventTarget;

type Handler<Type extends Event> = ((event: Type) => unknown) | null;

/**
 * A WebSocket that comes back: the standard's interface over WebSocket, server-sent events, long polling or polling, whichever gets through.
 *
 * `open` fires whenever a connection has been made, `close` once, when there will be no other. In between, `readyState` is CONNECTING,
 * and what is sent waits in a bounded queue.
 *
 * @example
 * const socket = new RealtimeSocket("/chat");
 * socket.onmessage = (event) => console.log(event.data);
 * socket.addEventListener("statechange", ({ state, reason }) => console.log(state, reason.message));
 * socket.send("hello");
 */
export class RealtimeSocket extends TypedEventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;
  declare onopen: Handler<Event>;
  declare onmessage: Handler<MessageEvent>;
  declare onerror: Handler<Event>;
  declare onclose: Handler<CloseEvent>;
  readonly #options: ResolvedOptions;
  readonly #connector: Connector;
  readonly #queue: OfflineQueue;
  readonly #handlers = new Map<string, Handler<Event>>();
  #binaryType: "blob" | "arraybuffer" = "blob";
  #protocol = "";
  #extensions = "";
  #ending: Ending | undefined;
  #isClosedByProgram = false;
  /** Bytes that were sent too late. */
  #lostBytes = 0;

  static {
    for (const [value, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries()) {
      for (const each of [this, this.prototype])
        Object.defineProperty(each, name, { value, enumerable: true });
    }
    for (const type of ["open", "message", "error", "close"]) {
      Object.defineProperty(this.prototype, `on${type}`, {
        enumerable: true,
        get(this: RealtimeSocket) {
          return this.#handlers.get(type) ?? null;
        },
        set(this: RealtimeSocket, handler: unknown) {
          // Its place among the listeners is that of the first handler, as the standard has it.
          if (!this.#handlers.has(type)) {
            this.addEventListener(type, (event: Event) => this.#handlers.get(type)?.call(this, event));
          }
          this.#handlers.set(type, typeof handler === "function" ? (handler as Handler<Event>) : null);
        },
      });
    }
  }

  /**
   * Begins to connect.
   *
   * @param url `ws:`, `wss:`, `http:`, `https:` or relative to the page; or a function that returns one, asked before each attempt.
   * @param protocols Subprotocols to offer, or options, of which `protocols` is one.
   * @throws DOMException SyntaxError for a URL or subprotocols that are none; TypeError for options.
   */
  constructor(
    url: UrlProvider,
    protocols: string | readonly string[] | RealtimeSocketOptions = {},
    options: RealtimeSocketOptions = {},
  ) {
    super();
    const isList = typeof protocols === "string" || Array.isArray(protocols);
    const given = isList ? { ...options, protocols: protocols as string | readonly string[] } : protocols;
    this.#options = resolveOptions(given as RealtimeSocketOptions);
    this.#queue = new OfflineQueue(this.#options.queue, (data) => {
      this.dispatchEvent(createEvent("dropped", { data }));
    });
    this.#connector = new Connector(url, this.#options, {
      receiveState: (change) => this.dispatchEvent(createEvent("statechange", change)),
      receiveOpen: (protocol, extensions) => {
        this.#protocol = protocol;
        this.#extensions = extensions;
        this.dispatchEvent(new Event("open"));
        // Behind what listeners send: that may be the login without which the rest means nothing to the server.
        this.#flush();
      },
      receiveMessage: (message) => {
        if (this.readyState !== 1) return;
        const isText = typeof message === "string";
        const data = isText ? message : this.#binaryType === "blob" ? new Blob([message]) : message.buffer;
        this.dispatchEvent(new MessageEvent("message", { data, origin: new URL(this.url).origin }));
      },
      receiveClose: (ending) => {
        this.#ending = ending;
        if (!ending.wasClean) this.dispatchEvent(new Event("error"));
        this.dispatchEvent(createCloseEvent(ending));
      },
    });
  }

  /** The URL, with the scheme `ws` or `wss` and without a token; empty before a function has given one. */
  get url(): string {
    return this.#connector.url?.href.replace("http", "ws") ?? "";
  }

  /** CONNECTING (also between two connections), OPEN, CLOSING or CLOSED. */
  get readyState(): 0 | 1 | 2 | 3 {
    return (["open", "closing", "closed"].indexOf(this.state) + 1) as 0 | 1 | 2 | 3;
  }

  /** What it is doing, in more detail than `readyState`. */
  get state(): SocketState {
    return this.#connector.state;
  }

  /** The transport of the open connection; undefined without one. */
  get transport(): TransportName | undefined {
    return this.#connector.link?.transport;
  }

  /** The subprotocol that the server chose; empty for none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** The extensions of the open WebSocket; empty for none. */
  get extensions(): string {
    return this.#extensions;
  }

  /** Payload bytes that have not reached the network, or, without a WebSocket, were not acknowledged by the server. */
  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#connector.link?.bufferedAmount ?? 0) + this.#lostBytes;
  }

  /** What a binary message is: `blob`, as the standard has it, or `arraybuffer`. */
  get binaryType(): "blob" | "arraybuffer" {
    return this.#binaryType;
  }

  set binaryType(type: "blob" | "arraybuffer") {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /**
   * Sends a message: a string as text, bytes and Blobs as binary. Without a connection it waits in the queue, and goes out behind
   * what listeners of `open` send. When the socket is closing or closed, nothing is sent.
   *
   * @throws DOMException QuotaExceededError or InvalidStateError by the option `queue`.
   */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    const message = toMessage(data);
    const { readyState } = this;
    if (readyState === 1) this.#connector.link?.send(message);
    else if (readyState === 0) this.#queue.add(message);
    else this.#lostBytes += byteLengthOf(message);
  }

  /**
   * Ends it for good. What was sent by an open connection still goes out; what waits for one does not.
   *
   * @throws DOMException InvalidAccessError for a code that is neither 1000 nor from 3000 to 4999; SyntaxError for a reason of
   *   more than 123 bytes in UTF-8.
   */
  close(code?: number, reason: string = ""): void {
    const closeCode = code === undefined ? code : Math.round(code);
    if (closeCode !== undefined && closeCode !== 1000 && !(closeCode >= 3000 && closeCode < 5000)) {
      throw new DOMException(`the code must be 1000 or from 3000 to 4999, got ${code}`, "InvalidAccessError");
    }
    const given: unknown = reason;
    const text = toScalars(String(given));
    if (byteLengthOf(text) > 123) {
      throw new DOMException("the reason must have at most 123 bytes", "SyntaxError");
    }
    this.#isClosedByProgram = true;
    this.#flush();
    this.#connector.close(closeCode ?? (text === "" ? undefined : 1000), text);
  }

  /**
   * Messages from the first request for one to the end of the socket. They wait for a slow reader, up to `iterationMaxMessages`; past
   * that the iteration throws a QuotaExceededError. It throws a NetworkError where the socket was closed with another code than 1000, 1001 or 1005
   * and not by `close()`.
   */
  [Symbol.asyncIterator](): AsyncGenerator<MessageData, undefined, undefined> {
    const isOrdinary = (code: number): boolean =>
      this.#isClosedByProgram || [1000, 1001, 1005].includes(code);
    return iterateMessages(this, this.#options.iterationMaxMessages, () => {
      if (!this.#ending || isOrdinary(this.#ending.code)) return undefined;
      return new DOMException(`closed with ${this.#ending.code} ${this.#ending.reason}`, "NetworkError");
    });
  }

  #flush(): void {
    while (this.readyState === 1 && this.#queue.length > 0) {
      for (const message of this.#queue.takeFirst()) this.#connector.link?.send(message);
    }
  }
}

/** What the standard makes of the argument of `send`: bytes for bytes, as they are now, and a string for anything else. */
function toMessage(data: unknown): OutgoingMessage {
  if (data instanceof Blob) return data;
  // By its looks, since an ArrayBuffer from a frame is of another class.
  const {
    buffer = data as ArrayBuffer,
    byteOffset,
    byteLength,
  } = Object(data) as Partial<Uint8Array<ArrayBuffer>>;
  return byteLength === undefined
    ? toScalars(String(data))
    : new Uint8Array(buffer, byteOffset, byteLength).slice();
}
