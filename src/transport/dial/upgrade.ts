import type { Socket } from "node:net";
import { checkHandshakeResponse } from "../../protocol/websocket/handshake.ts";
import { checkAgreed, formatOffer } from "../../protocol/websocket/permessage-deflate.ts";
import { fieldValue } from "../../protocol/http/header-fields.ts";
import { createMessageCodec } from "../deflate-codec.ts";
import { SocketStream } from "../socket-stream.ts";
import type { WebSocketTransportOptions } from "../websocket-transport.ts";
import { WebSocketTransport } from "../websocket-transport.ts";
import type { DialOptions, DialResult, RequestHeaders } from "./dial-options.ts";
import { handshakeFailure, showUrl, statusLine } from "./handshake-error.ts";
import type { Answer } from "./request.ts";
import type { Target } from "./target.ts";

/** The header fields of a client's handshake (RFC 6455 §4.1), with those of the program behind them. */
export function handshakeFields(target: Target, key: string, options: DialOptions): RequestHeaders {
  const { subprotocols, compression } = options;
  return {
    Host: target.url.host,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Version": "13",
    ...(subprotocols.length === 0 ? {} : { "Sec-WebSocket-Protocol": subprotocols.join(", ") }),
    ...(compression === undefined ? {} : { "Sec-WebSocket-Extensions": formatOffer(compression) }),
    ...target.headers,
  };
}

/**
 * Makes a WebSocket of a connection whose server has answered.
 *
 * @throws HandshakeError HANDSHAKE_FAILED when the answer breaks the protocol.
 */
export function receiveAnswer(
  url: URL,
  socket: Socket,
  answer: Answer,
  key: string,
  options: DialOptions,
): DialResult {
  const { status, headers } = answer;
  const body = answer.kind === "answered" ? answer.body : "";
  if (answer.kind === "answered" && status !== 101) return { kind: "refused", url, status, headers, body };
  const fail = (problem: string): Error => {
    const reason = `${showUrl(url)} answered ${statusLine(status)}, but ${problem}`;
    return handshakeFailure(reason, { status, headers, body });
  };
  const checked = checkHandshakeResponse({ status, headers }, key, options.subprotocols);
  if ("problem" in checked) throw fail(checked.problem);
  if (answer.kind === "answered") throw fail("it went on in HTTP");
  const agreed = checkAgreed(checked.extensions, options.compression);
  if ("problem" in agreed) throw fail(agreed.problem);
  const { limits, heartbeats, compression } = options;
  const transportOptions: WebSocketTransportOptions = {
    role: "client",
    subprotocol: checked.subprotocol,
    limits,
    accepts: "any",
    heartbeats,
    head: answer.head,
    ...(agreed.parameters === undefined || compression === undefined
      ? {}
      : { codec: createMessageCodec("client", agreed.parameters, compression) }),
  };
  const transport = new WebSocketTransport(new SocketStream(socket), transportOptions);
  const extensions = fieldValue(headers, "sec-websocket-extensions") ?? "";
  return { kind: "opened", transport, socket, headers, extensions };
}
