import type { HandshakeOffer } from "../protocol/websocket/handshake.ts";
import { acceptFor } from "../protocol/websocket/handshake.ts";
import { helloSubprotocol } from "../protocol/session/head.ts";
import type { Opening } from "../protocol/session/request.ts";
import { agreeOnCompression } from "../transport/deflate-codec.ts";
import type { HeaderField, HttpExchange } from "../transport/http-exchange.ts";
import type { SessionPlace } from "../transport/session/session-store.ts";
import { SessionTransport } from "../transport/session/session-transport.ts";
import type { Transport } from "../transport/transport.ts";
import type { Applicant, Terms } from "./admission.ts";
import type { Environment } from "./environment.ts";

/** A client that asks for a WebSocket. */
export class WebSocketApplicant implements Applicant {
  readonly kind = "websocket";
  readonly subprotocols: readonly string[];
  readonly #exchange: HttpExchange;
  readonly #offer: HandshakeOffer;
  readonly #environment: Environment;

  constructor(exchange: HttpExchange, offer: HandshakeOffer, environment: Environment) {
    this.#exchange = exchange;
    this.#offer = offer;
    this.#environment = environment;
    this.subprotocols = offer.subprotocols;
  }

  accept({ subprotocol, headers, accepts }: Terms): Transport {
    const { settings, heartbeats } = this.#environment;
    const { sharedReadBuffer, compression } = settings.websocket;
    return this.#exchange.acceptWebSocket(acceptFor(this.#offer.key), headers, {
      subprotocol,
      limits: settings.websocket,
      accepts,
      heartbeats,
      mayAdopt: sharedReadBuffer,
      saysHello: this.subprotocols.includes(helloSubprotocol),
      ...agreeOnCompression(this.#offer.extensions, compression),
    });
  }
}

/** What the answer itself says, of what a handler may set. */
const answerFields: ReadonlySet<string> = new Set([
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
]);

/** A client that opens a session. */
export class SessionApplicant implements Applicant {
  readonly kind: Opening["kind"];
  readonly subprotocols: readonly string[];
  readonly #opening: Opening;
  readonly #place: SessionPlace;
  readonly #acknowledges: boolean;
  readonly #environment: Environment;
  /** The session that was opened, once it is. */
  session: SessionTransport | undefined;
  /** The header fields that its handler has set for the answer. */
  headers: readonly HeaderField[] = [];

  constructor(opening: Opening, place: SessionPlace, acknowledges: boolean, environment: Environment) {
    this.kind = opening.kind;
    this.subprotocols = opening.subprotocols;
    this.#opening = opening;
    this.#place = place;
    this.#acknowledges = acknowledges;
    this.#environment = environment;
  }

  accept({ subprotocol, headers, accepts }: Terms): Transport {
    const { settings, heartbeats, store } = this.#environment;
    const name = store.createName();
    const session = new SessionTransport({
      kind: this.kind,
      token: `${name.id}.${name.secret}`,
      subprotocol,
      acknowledges: this.#acknowledges,
      accepts,
      limits: settings.websocket,
      fallback: settings.fallback,
      heartbeats,
      retire: () => store.retire(name.id),
      forget: () => store.delete(name.id),
    });
    store.add(name, this.#place, session, this.#opening.key);
    this.session = session;
    this.headers = [...headers].filter(([field]) => !answerFields.has(field.toLowerCase()));
    return session;
  }
}
