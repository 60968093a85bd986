import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { certificate } from "./certificate.ts";

/** A proxy that opens tunnels by CONNECT. */
export interface ConnectProxy {
  readonly url: URL;
  /** The CONNECT requests that it has got. */
  readonly requests: readonly IncomingMessage[];
  /** All bytes that clients have sent through its tunnels. */
  readonly tunnelled: () => string;
}

/** Starts a proxy that `admits` some requests, and answers the others itself. */
export async function startProxy(
  context: TestContext,
  scheme: "http" | "https" = "http",
  answer: (request: IncomingMessage, client: Duplex) => string | undefined = () => undefined,
): Promise<ConnectProxy> {
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Duplex>();
  let bytes = "";
  const server: Server = scheme === "http" ? createServer() : createSecureServer(certificate);
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.on("connect", (request: IncomingMessage, client: Duplex) => {
    requests.push(request);
    client.on("error", () => {});
    const refusal = answer(request, client);
    if (refusal !== undefined) {
      client.write(refusal);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url ?? ""}`);
    const target = connect(Number(port === "" ? 80 : port), hostname.replaceAll(/^\[|\]$/g, ""), () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.on("data", (chunk: Buffer) => {
        bytes += chunk.toString("latin1");
      });
      client.pipe(target).pipe(client);
    });
    sockets.add(target);
    target.on("error", () => client.destroy());
    target.on("close", () => client.destroy());
    client.on("close", () => target.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`${scheme}://127.0.0.1:${port}`), requests, tunnelled: () => bytes };
}
