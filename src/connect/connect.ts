import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { holdMessages, WebSocket } from "./websocket.ts";

/**
 * Opens a WebSocket. Messages are kept from the start, within the bounds of the queue, until the first listener or iterator comes for
 * them; so none is lost between this call and the next line.
 *
 * @param url `ws:`, `wss:`, `http:` or `https:`.
 * @throws (as rejections) HandshakeError with the code HANDSHAKE_FAILED, HANDSHAKE_TIMEOUT, PROXY_FAILED or REDIRECT_NOT_FOLLOWED; the
 *   reason of `options.signal`; and what the constructor of `WebSocket` throws.
 * @example
 * const socket = await connect("wss://example.com/feed", { headers: { Authorization: "Bearer …" } });
 * socket.send("hello");
 * for await (const message of socket) console.log(message);
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<WebSocket> {
  if (typeof options !== "object" || (options as unknown) === null || Array.isArray(options)) {
    const expected = "an object (subprotocols go into { protocols })";
    throw misuse("SETTING_INVALID", { name: "options", expected, value: kindOf(options) });
  }
  const socket = new WebSocket(url, { ...options, binaryType: options.binaryType ?? "arraybuffer" });
  holdMessages(socket);
  await socket.opened;
  return socket;
}
