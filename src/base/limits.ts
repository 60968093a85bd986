/**
 * The limits on everything that can grow, with their defaults. A reader who wonders "how much can a stranger make this
 * server hold?" finds the answer here and in docs/settings.md.
 */

/** Limits of the HTTP side. */
export interface HttpLimits {
  /** Bytes of request line and header fields together; past it 431. Default 16 KiB, as Node's and nginx's order. */
  readonly maxHeaderBytes: number;
  /** Bytes of the request target; past it 414. Default 8 KiB, as nginx's and Apache's (RFC 9112 §3 asks for 8000). */
  readonly maxTargetBytes: number;
  /** Number of header fields; past it 431. Default 100, as Apache's. */
  readonly maxHeaders: number;
  /** Milliseconds until the header fields are complete; past it 408. Default 10 s. */
  readonly headersTimeoutMs: number;
  /** Milliseconds until the whole request is complete; past it 408. Default 5 min, Node's. */
  readonly requestTimeoutMs: number;
  /** Milliseconds that an idle connection is kept for the next request. Default 5 s, Node's. */
  readonly keepAliveTimeoutMs: number;
  /** Milliseconds in which more of a body must come while somebody waits for it; past it 408. Default 30 s. */
  readonly bodyTimeoutMs: number;
  /** Bytes in the body of a request that a handler does not stream; past it 413. Default 10 MiB. */
  readonly maxBodyBytes: number;
  /** Arrays and objects inside each other in JSON; past it 400. Default 500: libraries walk through them by recursion. */
  readonly maxJsonDepth: number;
  /** Names and values of an urlencoded form; past it 413. Default 1 000, as PHP's. */
  readonly maxFormFields: number;
  /** Parts of a multipart body, fields and files together; past it 413. Default 100, as Tornado's. */
  readonly maxFormParts: number;
  /** Bytes of the header fields of a part; past it 413. Default 16 KiB, as of the request. */
  readonly maxPartHeaderBytes: number;
  /** Bytes of a multipart field, which is kept in memory; past it 413. Default 1 MiB. */
  readonly maxFieldBytes: number;
  /** Bytes of a file in a form that goes to disk; past it 413. Default 10 MiB. */
  readonly maxFileBytes: number;
  /**
   * Milliseconds in which a client must take something (64 KiB at most) of what waits for it; past it the connection is cut.
   * Default 30 s: half of nginx's and Apache's, which are made for slower lines than there are today.
   */
  readonly responseTimeoutMs: number;
}

/** Limits and times of WebSocket connections. */
export interface WebSocketLimits {
  /** Bytes of one message, all its fragments together; past it close 1009. Default 1 MiB. */
  readonly maxMessageBytes: number;
  /** Milliseconds between pings to a silent peer; 0 sends none. Default 30 s, under the 60 s of most proxies. */
  readonly pingIntervalMs: number;
  /** Milliseconds in which any byte must come after a ping; past it close 1001. Default 10 s. */
  readonly pingTimeoutMs: number;
  /** Milliseconds for the peer to answer a close frame; past it the socket is closed. Default 5 s, as Tornado's. */
  readonly closeTimeoutMs: number;
  /** Bytes waiting to be sent from which `writeMessage` returns false. Default 256 KiB. */
  readonly highWaterMarkBytes: number;
  /** Bytes waiting to be sent past which a peer is closed with 1013. Default 1 MiB, as Centrifugo's. */
  readonly maxSendQueueBytes: number;
  /** Messages waiting for the handler from which the socket is not read any more. Default 64. */
  readonly maxQueuedMessages: number;
  /** Bytes waiting for the handler from which the socket is not read any more. Default 1 MiB. */
  readonly maxQueuedBytes: number;
  /** Channels that one connection subscribes to; past it `subscribe` throws. Default 1 000. */
  readonly maxSubscriptions: number;
}

/** Limits and times of the sessions that stand for a connection where there is no WebSocket. */
export interface FallbackLimits {
  /** Milliseconds after its last request at which a session ends with 1006. Default 30 s. */
  readonly sessionTimeoutMs: number;
  /** Milliseconds for which a poll is held at most while there is nothing to say. Default 25 s, under the 30 s of some proxies. */
  readonly pollTimeoutMs: number;
  /** Milliseconds between comments in a silent stream; 0 sends none. Default 15 s, under the 60 s of most proxies. */
  readonly heartbeatMs: number;
  /** Milliseconds after which a stream is ended, a fifth more or less, and continued by the next; 0 for never. Default 5 min. */
  readonly streamTimeoutMs: number;
  /** Bytes after which a stream is ended and continued by the next. Default 10 MiB. */
  readonly maxStreamBytes: number;
  /** Bytes in the body of a request; past it 413. Default 10 MiB, as much as a message of 1 MiB could ever take. */
  readonly maxBodyBytes: number;
  /** Sessions at a time; past it 503. Default 20 000. */
  readonly maxSessions: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const defaultHttpLimits: HttpLimits = {
  maxHeaderBytes: 16 * KiB,
  maxTargetBytes: 8 * KiB,
  maxHeaders: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 5_000,
  bodyTimeoutMs: 30_000,
  maxBodyBytes: 10 * MiB,
  maxJsonDepth: 500,
  maxFormFields: 1000,
  maxFormParts: 100,
  maxPartHeaderBytes: 16 * KiB,
  maxFieldBytes: MiB,
  maxFileBytes: 10 * MiB,
  responseTimeoutMs: 30_000,
};

export const defaultWebSocketLimits: WebSocketLimits = {
  maxMessageBytes: MiB,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
  highWaterMarkBytes: 256 * KiB,
  maxSendQueueBytes: MiB,
  maxQueuedMessages: 64,
  maxQueuedBytes: MiB,
  maxSubscriptions: 1000,
};

export const defaultFallbackLimits: FallbackLimits = {
  sessionTimeoutMs: 30_000,
  pollTimeoutMs: 25_000,
  heartbeatMs: 15_000,
  streamTimeoutMs: 300_000,
  maxStreamBytes: 10 * MiB,
  maxBodyBytes: 10 * MiB,
  maxSessions: 20_000,
};
