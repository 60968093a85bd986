import { helloSubprotocol } from "../protocol/session/head.ts";
import type { ResponseHeaders } from "./response-head.ts";

/** What was agreed on in an opening handshake. */
export interface HandshakeAnswer {
  /** Empty for none. */
  readonly subprotocol: string;
  /** The value of Sec-WebSocket-Extensions; empty for none. */
  readonly extensions: string;
  /** Whether the client has asked for a hello ahead of everything; see `helloSubprotocol`. */
  readonly saysHello?: boolean | undefined;
}

/** The answer to an opening handshake, as it stands on the wire. */
export function formatHandshake(accept: string, headers: ResponseHeaders, options: HandshakeAnswer): string {
  const { extensions, saysHello } = options;
  const subprotocol =
    options.subprotocol === "" && saysHello === true ? helloSubprotocol : options.subprotocol;
  let text = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
  if (subprotocol !== "") text += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  if (extensions !== "") text += `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  for (const [name, value] of headers) {
    if (handshakeFields.has(name.toLowerCase())) continue;
    for (const each of typeof value === "string" ? [value] : value) text += `${name}: ${each}\r\n`;
  }
  return `${text}\r\n`;
}

/** What the handshake itself says, or what a 101 must not have, of what a handler may set on other answers. */
const handshakeFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
]);
