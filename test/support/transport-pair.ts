import type { TestContext } from "node:test";
import { noBytes } from "../../src/base/bytes.ts";
import type { WebSocketLimits } from "../../src/base/limits.ts";
import { defaultWebSocketLimits } from "../../src/base/limits.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import type { MessageCodec } from "../../src/protocol/websocket/message-codec.ts";
import type { TransportEvents } from "../../src/transport/transport.ts";
import { WebSocketTransport } from "../../src/transport/websocket-transport.ts";
import type { RawSocket } from "./raw-socket.ts";
import type { StreamKind } from "./stream-pair.ts";
import { connectStream } from "./stream-pair.ts";

/**
 * How often the wheel turns. Each tick takes at least one turn of the event loop, in which both ends read: a peer that
 * answers is never too late, however slow the machine is.
 */
export const tickMs = 1;

/** Both ends of a connection. */
export interface TransportPair {
  readonly transport: WebSocketTransport;
  /** The server's end of the connection. */
  readonly stream: ByteStream;
  readonly peer: RawSocket;
  readonly wheel: HeartbeatWheel;
  /** What the transport reported, in order. */
  readonly events: Inbox<string>;
}

/** How the transport of a pair is made. */
export interface TransportPairOptions extends Partial<WebSocketLimits> {
  /** Bytes that came with the handshake. */
  readonly head?: Uint8Array;
  readonly codec?: MessageCodec;
}

/** A transport on one end of a connection, and bare bytes on the other. */
export async function connectPair(
  context: TestContext,
  kind: StreamKind,
  options: TransportPairOptions = {},
): Promise<TransportPair> {
  const { stream, peer } = await connectStream(context, kind);
  return { stream, peer, ...startTransport(stream, options) };
}

/** A transport over a stream, and what it reports. */
export function startTransport(
  stream: ByteStream,
  options: TransportPairOptions = {},
): {
  readonly transport: WebSocketTransport;
  readonly wheel: HeartbeatWheel;
  readonly events: Inbox<string>;
} {
  const { head = noBytes, codec, ...limits } = options;
  const wheel = new HeartbeatWheel(tickMs);
  const transport = new WebSocketTransport(stream, {
    role: "server",
    subprotocol: "",
    limits: { ...defaultWebSocketLimits, pingIntervalMs: 0, ...limits },
    accepts: "any",
    heartbeats: wheel,
    head,
    codec,
  });
  const events = new Inbox<string>();
  transport.start(recorder(transport, events));
  return { transport, wheel, events };
}

/** Writes down what a transport reports. */
function recorder(transport: WebSocketTransport, events: Inbox<string>): TransportEvents {
  return {
    receiveText: (text, byteLength) => events.add(`text ${text} ${byteLength}`),
    receiveBinary: (bytes) => events.add(`binary ${bytes.join()}`),
    receivePing: (payload) => events.add(`ping ${payload.join()}`),
    receivePong: (payload) => events.add(`pong ${payload.join()}`),
    receiveClosing: (problem) => events.add(`closing ${problem?.code ?? "without a problem"}`),
    receiveClosed: () => events.add(`closed ${transport.closeCode} ${transport.closeReason}`),
  };
}
