import type { HttpRequest } from "./http-request.ts";

/**
 * What the access log tells: a request that was answered, or a connection that ended.
 *
 * @example
 * const accessLog = (entry: AccessLogEntry) => console.log(JSON.stringify({ ...entry, request: undefined }));
 * new Application(routes, { accessLog });
 */
export interface AccessLogEntry {
  readonly method: string;
  /** Path and query as they came, without the value of `access_token`. */
  readonly uri: string;
  /** The client's address, as far as trusted proxies tell it. */
  readonly remoteAddress: string;
  /** The status of the answer, 101 for a WebSocket that was opened, 499 for a client that left; of a connection that ended its close code. */
  readonly status: number;
  /** Milliseconds from the header fields of the request to its answer, or to the end of the connection. */
  readonly durationMs: number;
  /** The request; undefined for one that could not be read. */
  readonly request: HttpRequest | undefined;
  /** For a connection that ended: how, and what went over it. */
  readonly connection: AccessLogConnection | undefined;
}

/** A connection that ended. */
export interface AccessLogConnection {
  readonly transport: "websocket" | "sse" | "long-polling" | "polling";
  readonly closeReason: string;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
}

/** The setting `accessLog`: whether there is one, or who writes it. */
export type AccessLogSetting = boolean | ((entry: AccessLogEntry) => void);
