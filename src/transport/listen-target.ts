import type { Server, Socket } from "node:net";
import { checkHost, checkPort, listenError, socketError } from "./listen-address.ts";
import type { UnixAddress } from "./unix-socket.ts";
import { checkUnixAddress, removeStaleSocket, setPermissions, withPermissions } from "./unix-socket.ts";

/**
 * Connections that somebody else accepts: a `net.Server`, or anything that emits "connection" with a socket that nobody has
 * read from. So can a parent process keep the port while its children come and go, or choose which child a client goes to.
 */
export interface ConnectionSource {
  on(event: "connection", listener: (socket: Socket) => void): unknown;
  off(event: "connection", listener: (socket: Socket) => void): unknown;
}

/** Where a server listens: at a port, at a Unix socket, or nowhere, since somebody else accepts its connections. */
export type ListenTarget = number | UnixAddress | { readonly source: ConnectionSource };

/** Binds a server to a port; rejects with the code, the reason and what to do. */
export async function listenAtPort(
  server: Server,
  port: number,
  host: string | undefined,
  backlog: number,
): Promise<void> {
  checkPort(port);
  checkHost(host);
  const options = { port, backlog, ...(host === undefined ? {} : { host }) };
  await listening(server, () => server.listen(options)).catch((error: unknown) => {
    throw listenError(error as NodeJS.ErrnoException, port, host);
  });
}

/** Binds a server to a Unix socket, of which nothing is left when it closes; rejects as `listenAtPort` does. */
export async function listenAtPath(server: Server, address: UnixAddress, backlog: number): Promise<void> {
  checkUnixAddress(address);
  const { path } = address;
  await removeStaleSocket(path);
  const listen = (): void => withPermissions(address, () => server.listen({ path, backlog }));
  await listening(server, listen).catch((error: unknown) => {
    throw socketError(error as NodeJS.ErrnoException, path);
  });
  setPermissions(address);
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    listen();
  });
}
