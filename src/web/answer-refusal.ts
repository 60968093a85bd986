import { fieldValue } from "../protocol/http/header-fields.ts";
import { closeReasonBytesMax } from "../protocol/websocket/close-code.ts";
import type { HandshakeOffer } from "../protocol/websocket/handshake.ts";
import { acceptFor, checkHandshake } from "../protocol/websocket/handshake.ts";
import type { HeaderField, HttpExchange, ResponseHeaders } from "../transport/http-exchange.ts";
import type { Environment } from "./environment.ts";
import { renderErrorPage } from "./error-page.ts";
import type { Refusal } from "./refusal.ts";

/**
 * Answers a request with "no": the one place that does. A page or a line of text, as the client accepts it; or, in debug
 * mode and to a browser's handshake, a close frame that a script can read. `defaults` are header fields that the answer has
 * unless it has others of the same names.
 */
export async function answerRefusal(
  exchange: HttpExchange,
  refusal: Refusal,
  environment: Environment,
  defaults: ResponseHeaders = [],
): Promise<void> {
  const { debug } = environment.settings;
  const offer = debug ? hiddenOffer(exchange) : undefined;
  if (offer !== undefined) {
    refuseOpenly(exchange, refusal, environment, offer);
    return;
  }
  const accept = fieldValue(exchange.headers, "accept");
  const page = refusal.ownPage(debug) ?? renderErrorPage(refusal, accept, debug);
  const own: HeaderField[] = [
    ["Content-Type", page.type],
    ["X-Content-Type-Options", "nosniff"],
    ...refusal.headers,
  ];
  const names = new Set(own.map(([name]) => name.toLowerCase()));
  const headers = [...[...defaults].filter(([name]) => !names.has(name.toLowerCase())), ...own];
  await exchange.respond(refusal.status, headers, page.body, refusal.reason);
}

/** The handshake of a browser, which would hide the answer to it from the page's script; undefined for any other. */
function hiddenOffer(exchange: HttpExchange): HandshakeOffer | undefined {
  if (!exchange.isUpgrade || fieldValue(exchange.headers, "origin") === undefined) return undefined;
  const offer = checkHandshake(exchange);
  return "code" in offer ? undefined : offer;
}

/** Completes the handshake only to close at once with 4000 + status and the reason. No handler code runs. */
function refuseOpenly(
  exchange: HttpExchange,
  refusal: Refusal,
  { settings, heartbeats }: Environment,
  offer: HandshakeOffer,
): void {
  const transport = exchange.acceptWebSocket(acceptFor(offer.key), [], {
    // A browser that offered subprotocols fails the connection, and hides the reason, unless one is chosen.
    subprotocol: offer.subprotocols[0] ?? "",
    limits: settings.websocket,
    accepts: "any",
    heartbeats,
    mayAdopt: settings.websocket.sharedReadBuffer,
    extensions: "",
  });
  transport.start({
    receiveText() {},
    receiveBinary() {},
    receivePing() {},
    receivePong() {},
    receiveClosing() {},
    receiveClosed() {},
  });
  const { code, message } = refusal.problem;
  transport.close(4000 + refusal.status, truncate(`${code}: ${message}`, closeReasonBytesMax));
}

/** The beginning of `text` that fits into so many bytes of UTF-8, whole characters only. */
function truncate(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax - Buffer.byteLength("…");
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return `${bytes.toString("utf8", 0, end)}…`;
}
