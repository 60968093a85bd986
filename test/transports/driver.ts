import type { TransportKind } from "../../src/index.ts";
import type { TestClientOptions, TestRefusal } from "../../src/testing/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { handshake } from "../support/raw-socket.ts";
import { SessionClient } from "./session-client.ts";

/** A client of either kind: what the suite does to one is in both. */
export type Client = TestClient | SessionClient;

export type ClientOptions = Omit<TestClientOptions, "tls">;

/** How a handler is reached over one transport. */
export interface Driver {
  readonly kind: TransportKind;
  /** The method of the request that opens a connection, as hooks and log see it. */
  readonly method: "GET" | "POST";
  /** The status of the answer to it. */
  readonly openedStatus: 101 | 200;
  connect(url: string, options?: ClientOptions): Promise<Client>;
  refusal(url: string, options?: ClientOptions): Promise<TestRefusal>;
}

const webSocketDriver: Driver = {
  kind: "websocket",
  method: "GET",
  openedStatus: 101,
  connect: (url, options) => TestClient.connect(url, options),
  refusal: (url, options) => TestClient.refusal(url, options),
};

/** The driver of a transport. */
export function driverOf(kind: TransportKind): Driver {
  if (kind === "websocket") return webSocketDriver;
  return {
    kind,
    method: "POST",
    openedStatus: 200,
    connect: (url, options) => SessionClient.connect(url, { ...options, transport: kind }),
    refusal: (url, options) => SessionClient.refusal(url, { ...options, transport: kind }),
  };
}

/** The request that opens a connection at /ws, as it stands on the wire. */
export function openingRequest({ kind }: Driver, host = "127.0.0.1"): string {
  if (kind === "websocket") return handshake({ Host: host });
  const body = JSON.stringify({ transport: kind });
  const fields = [`Host: ${host}`, "Content-Type: text/plain", `Content-Length: ${body.length}`];
  if (kind === "sse") fields.push("Accept: text/event-stream");
  return `POST /ws HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`;
}

/** Sends a pong that nobody asked for. */
export function sendPong(client: Client, payload = ""): void {
  if (client instanceof TestClient) client.sendFrame({ opcode: 10, payload });
  else client.pong(Buffer.from(payload));
}

/** A round trip behind what was sent before: a ping, which no handler's business delays. */
export async function roundTrip(client: Client): Promise<void> {
  client.ping();
  await client.nextPong();
}
