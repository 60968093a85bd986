import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import { certificate, trust } from "../../support/certificate.ts";
import { RawSocket } from "../../support/raw-socket.ts";
import type { Endpoint } from "./case.ts";

/** Made once: reading keys and certificates takes longer than a handshake. */
const clientContext = createSecureContext({ ca: trust.ca });
const serverContext = createSecureContext(certificate);

/** What a client needs to trust the servers of this suite. */
export const clientTls = { secureContext: clientContext, servername: trust.servername } as const;

/** A server under test, to which the runner dials. */
export interface ServerTestee {
  readonly role: "server";
  readonly name: string;
  readonly hasCompression: boolean;
  /** A byte stream to an endpoint, before the handshake. */
  connect(endpoint: Endpoint): Promise<RawSocket>;
  close(): Promise<void>;
}

/** How a client's handshake went, from its own point of view. */
export type DialOutcome = "opened" | "failed";

/** A client under test, which dials to the runner. */
export interface ClientTestee {
  readonly role: "client";
  readonly name: string;
  readonly hasCompression: boolean;
  /** Has the client dial; resolves with the stream on which its handshake comes, and how the handshake went. */
  accept(endpoint: Endpoint): Promise<{ readonly raw: RawSocket; readonly outcome: Promise<DialOutcome> }>;
  close(): Promise<void>;
}

export type Testee = ServerTestee | ClientTestee;

/** A server that runs, wherever it comes from. */
export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Makes a testee of a server: `start` runs one endpoint of it, the first time that a case asks for it. */
export function serverTestee(
  name: string,
  options: { readonly isSecure?: boolean; readonly hasCompression?: boolean },
  start: (endpoint: Endpoint) => Promise<RunningServer>,
): ServerTestee {
  const running = new Map<Endpoint, Promise<RunningServer>>();
  /** Resumed, since to look at a certificate takes longer than most cases. */
  const sessions = new Map<number, Buffer>();
  const serve = (endpoint: Endpoint): Promise<RunningServer> => {
    const server = running.get(endpoint) ?? start(endpoint);
    running.set(endpoint, server);
    return server;
  };
  return {
    role: "server",
    name,
    hasCompression: options.hasCompression ?? false,
    async connect(endpoint) {
      const { port } = await serve(endpoint);
      // Half-open, so that it is seen who ends the stream.
      const to = { port, host: "127.0.0.1", allowHalfOpen: true };
      if (options.isSecure !== true) {
        const socket = connect(to);
        await once(socket, "connect");
        return new RawSocket(socket);
      }
      const known = sessions.get(port);
      const socket = connectTls({ ...to, ...clientTls, ...(known === undefined ? {} : { session: known }) });
      socket.once("session", (session) => sessions.set(port, session));
      await once(socket, "secureConnect");
      return new RawSocket(socket);
    },
    async close() {
      for (const server of running.values()) await (await server).close();
    },
  };
}

/** Makes a testee of a client: `dial` connects to a URL, echoes what comes, and resolves when the handshake is over. */
export function clientTestee(
  name: string,
  options: { readonly isSecure?: boolean; readonly hasCompression?: boolean },
  dial: (url: string, endpoint: Endpoint) => Promise<DialOutcome>,
): ClientTestee {
  return {
    role: "client",
    name,
    hasCompression: options.hasCompression ?? false,
    async accept(endpoint) {
      const isSecure = options.isSecure === true;
      const server = createServer({ allowHalfOpen: true });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const accepted = once(server, "connection");
      const outcome = dial(`${isSecure ? "wss" : "ws"}://127.0.0.1:${port}/`, endpoint);
      const [plain] = (await accepted) as [Socket];
      // One server for each connection: which dialing belongs to which socket needs no guessing.
      server.close();
      const secure = { isServer: true, secureContext: serverContext, allowHalfOpen: true };
      return { raw: new RawSocket(isSecure ? new TLSSocket(plain, secure) : plain), outcome };
    },
    close: () => Promise.resolve(),
  };
}
