import type { Socket } from "node:net";

/**
 * Ends a socket so that the peer gets what was written last: our side is closed, what still comes is read and dropped
 * (unread bytes would turn the end into a reset, which discards our last words), and after `timeoutMs` the socket is
 * destroyed. Calling it again does nothing.
 */
export function endSocket(socket: Socket, timeoutMs: number): void {
  if (socket.destroyed || socket.writableEnded) return;
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.end();
  socket.resume();
}
