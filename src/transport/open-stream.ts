import type { Socket } from "node:net";
import { noBytes } from "../base/bytes.ts";
import type { Adopted } from "./handle-stream.ts";
import { adoptSocket } from "./handle-stream.ts";
import { SocketStream } from "./socket-stream.ts";

/**
 * A byte stream over a socket, by the fastest way there is: the socket is adopted where that is allowed and possible, and
 * then dead as a socket.
 */
export function openStream(socket: Socket, mayAdopt: boolean): Adopted {
  return (mayAdopt ? adoptSocket(socket) : undefined) ?? { stream: new SocketStream(socket), head: noBytes };
}
