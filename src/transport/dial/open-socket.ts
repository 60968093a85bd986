import type { Socket } from "node:net";
import { connect as connectTcp, isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { connect as connectTls } from "node:tls";
import type { Attempt } from "./attempt.ts";

/** Where a connection goes. */
export interface Endpoint {
  /** A name or an address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Undefined for plain TCP. */
  readonly tls: ConnectionOptions | undefined;
}

/** Opens a connection to `endpoint`, over `tunnel` if that is given. */
export async function openSocket(endpoint: Endpoint, attempt: Attempt, tunnel?: Socket): Promise<Socket> {
  const { host, port, tls } = endpoint;
  let socket = tunnel;
  if (socket === undefined) {
    attempt.stage = `for a connection to ${host} port ${port}`;
    socket = connectTcp({ host, port });
    attempt.hold(socket);
    await opened(socket, "connect");
  }
  if (tls === undefined) return socket;
  attempt.stage = `for TLS with ${host} port ${port}`;
  const secured = connectTls({
    // Some servers would otherwise choose HTTP/2.
    ALPNProtocols: ["http/1.1"],
    // RFC 6066 §3: an address is no server name.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...tls,
    host,
    socket,
  });
  attempt.hold(secured);
  await opened(secured, "secureConnect");
  return secured;
}

function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | undefined): void => {
      socket.off(event, succeed);
      socket.off("error", settle);
      socket.off("close", close);
      if (error === undefined) resolve();
      else reject(error);
    };
    const succeed = (): void => settle(undefined);
    const close = (): void => settle(new Error("the connection was closed"));
    socket.on(event, succeed);
    socket.on("error", settle);
    socket.on("close", close);
  });
}

/** What a failed connection says of itself; several addresses that were tried have an error each, and one without words. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
