import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { WebSocketLimits } from "../../base/limits.ts";
import type { ResolvedCompression } from "../../protocol/websocket/compression-options.ts";
import type { HeaderFields } from "../../protocol/http/header-fields.ts";
import type { HeartbeatWheel } from "../heartbeat.ts";
import type { WebSocketTransport } from "../websocket-transport.ts";
import type { HttpAnswer } from "./handshake-error.ts";

/** Header fields of a request; a list sends one field several times. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What `tls.connect` takes. */
export type ClientTlsOptions = ConnectionOptions;

/** An HTTP proxy that opens tunnels by CONNECT (RFC 9110 §9.3.6). */
export interface DialProxy {
  /** `http:` or `https:`; a user and password are for the proxy alone. */
  readonly url: URL;
  /** Further fields of the CONNECT request. */
  readonly headers: RequestHeaders;
  /** For an `https:` proxy. */
  readonly tls: ConnectionOptions;
}

/** How to dial. */
export interface DialOptions {
  readonly headers: RequestHeaders;
  readonly subprotocols: readonly string[];
  /** For `wss:` and `https:`. */
  readonly tls: ConnectionOptions;
  readonly limits: WebSocketLimits;
  readonly heartbeats: HeartbeatWheel;
  /** How to compress, if the server agrees. Default: compression is not offered. */
  readonly compression?: ResolvedCompression | undefined;
  readonly proxy?: DialProxy | undefined;
  /** Milliseconds for all of it, redirects included. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Ends the attempt; of an open connection it is no concern. */
  readonly signal?: AbortSignal | undefined;
  /** Redirects that are followed. Default 0. */
  readonly redirectsMax?: number | undefined;
}

/** What dialing led to: a connection, or the server's refusal. */
export type DialResult =
  | {
      readonly kind: "opened";
      readonly transport: WebSocketTransport;
      readonly socket: Socket;
      readonly headers: HeaderFields;
      /** Sec-WebSocket-Extensions as the server wrote it; empty for none. */
      readonly extensions: string;
    }
  | ({ readonly kind: "refused"; readonly url: URL } & HttpAnswer);
