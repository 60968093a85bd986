import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { misuse } from "../base/errors.ts";
import type { WebSocketLimits } from "../base/limits.ts";
import type { HeaderFields } from "../protocol/http/header-fields.ts";
import { checkHandshakeResponse } from "../protocol/websocket/handshake.ts";
import type { HeartbeatWheel } from "./heartbeat.ts";
import { SocketStream } from "./socket-stream.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** How to dial. */
export interface DialOptions {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly subprotocols: readonly string[];
  readonly tls: ConnectionOptions;
  readonly limits: WebSocketLimits;
  readonly heartbeats: HeartbeatWheel;
}

/** An HTTP answer that is not the handshake's. */
export interface RefusedHandshake {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: string;
}

/** What dialing led to: a connection, or the server's refusal. */
export type DialResult =
  | {
      readonly kind: "opened";
      readonly transport: WebSocketTransport;
      readonly socket: Socket;
      readonly headers: HeaderFields;
    }
  | ({ readonly kind: "refused" } & RefusedHandshake);

/** How much of a refusal's body is worth reading, in bytes. */
const refusalBytesMax = 64 * 1024;

/**
 * Performs the client's half of the opening handshake (RFC 6455 §4.1).
 *
 * @throws WaterspoutError HANDSHAKE_FAILED (as a rejection) when there is no answer, or one that breaks the protocol.
 */
export function dialWebSocket(url: URL, options: DialOptions): Promise<DialResult> {
  const key = randomBytes(16).toString("base64");
  const isSecure = url.protocol === "wss:" || url.protocol === "https:";
  const request = (isSecure ? httpsRequest : httpRequest)({
    ...options.tls,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    agent: false,
    headers: {
      Host: url.host,
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Version": "13",
      ...(options.subprotocols.length === 0
        ? {}
        : { "Sec-WebSocket-Protocol": options.subprotocols.join(", ") }),
      ...options.headers,
    },
  });
  return new Promise((resolve, reject) => {
    request.on("error", (error) =>
      reject(misuse("HANDSHAKE_FAILED", { reason: error.message }, { cause: error })),
    );
    request.on("response", (response) => {
      readRefusal(response).then(resolve, reject);
    });
    request.on("upgrade", (response: IncomingMessage, socket: Socket, head: Buffer) => {
      const { headers } = response;
      const checked = checkHandshakeResponse(
        { status: response.statusCode ?? 0, headers },
        key,
        options.subprotocols,
      );
      if ("problem" in checked) {
        socket.destroy();
        reject(misuse("HANDSHAKE_FAILED", { reason: checked.problem }));
        return;
      }
      const { limits, heartbeats } = options;
      const { subprotocol } = checked;
      const transport = new WebSocketTransport(new SocketStream(socket), {
        role: "client",
        subprotocol,
        limits,
        accepts: "any",
        heartbeats,
        head,
      });
      resolve({ kind: "opened", transport, socket, headers });
    });
    request.end();
  });
}

async function readRefusal(response: IncomingMessage): Promise<DialResult> {
  let body = "";
  response.setEncoding("utf8");
  for await (const chunk of response) {
    body += chunk as string;
    if (body.length > refusalBytesMax) break;
  }
  return { kind: "refused", status: response.statusCode ?? 0, headers: response.headers, body };
}
