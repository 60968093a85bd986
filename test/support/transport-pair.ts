import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { noBytes } from "../../src/base/bytes.ts";
import type { WebSocketLimits } from "../../src/base/limits.ts";
import { defaultWebSocketLimits } from "../../src/base/limits.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import { SocketStream } from "../../src/transport/socket-stream.ts";
import type { TransportEvents } from "../../src/transport/transport.ts";
import { WebSocketTransport } from "../../src/transport/websocket-transport.ts";
import { RawSocket } from "./raw-socket.ts";

/**
 * How often the wheel turns. Each tick takes at least one turn of the event loop, in which both ends read: a peer that
 * answers is never too late, however slow the machine is.
 */
export const tickMs = 1;

/** Both ends of a connection. */
export interface TransportPair {
  readonly transport: WebSocketTransport;
  /** The server's end of the connection. */
  readonly socket: Socket;
  readonly peer: RawSocket;
  readonly wheel: HeartbeatWheel;
  /** What the transport reported, in order. */
  readonly events: Inbox<string>;
}

/** A transport on one end of a TCP connection, and bare bytes on the other. */
export async function connectPair(
  context: TestContext,
  limits: Partial<WebSocketLimits>,
  head: Uint8Array = noBytes,
): Promise<TransportPair> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const peer = await RawSocket.connect((server.address() as AddressInfo).port);
  const [socket] = (await accepted) as [Socket];
  const wheel = new HeartbeatWheel(tickMs);
  const transport = new WebSocketTransport(new SocketStream(socket), {
    role: "server",
    subprotocol: "",
    limits: { ...defaultWebSocketLimits, pingIntervalMs: 0, ...limits },
    accepts: "any",
    heartbeats: wheel,
    head,
  });
  const events = new Inbox<string>();
  transport.start(recorder(transport, events));
  context.after(() => {
    peer.socket.destroy();
    socket.destroy();
    server.close();
  });
  return { transport, socket, peer, wheel, events };
}

/** Writes down what a transport reports. */
export function recorder(transport: WebSocketTransport, events: Inbox<string>): TransportEvents {
  return {
    receiveText: (text, byteLength) => events.add(`text ${text} ${byteLength}`),
    receiveBinary: (bytes) => events.add(`binary ${bytes.join()}`),
    receivePing: (payload) => events.add(`ping ${payload.join()}`),
    receivePong: (payload) => events.add(`pong ${payload.join()}`),
    receiveClosing: (problem) => events.add(`closing ${problem?.code ?? "without a problem"}`),
    receiveClosed: () => events.add(`closed ${transport.closeCode} ${transport.closeReason}`),
  };
}
