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

/**
 * Cuts a connection whose peer takes nothing. The operating system drops what waits for it, megabytes perhaps, which it would otherwise
 * keep for minutes, and the connection with it. Node can do that with TCP alone: below TLS it has no hold of the socket.
 */
export function resetSocket(socket: Socket): void {
  if (socket.remoteFamily === undefined || "encrypted" in socket) socket.destroy();
  else socket.resetAndDestroy();
}
