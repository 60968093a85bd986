/** The package ws, as server and as client: the suite has to be right about it, too. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { PerMessageDeflateOptions, RawData } from "ws";
import { WebSocket, WebSocketServer } from "ws";
import type { Endpoint } from "../runner/case.ts";
import { leanTerms, smallBytes } from "../runner/case.ts";
import type { ClientTestee, ServerTestee } from "../runner/testee.ts";
import { clientTestee, serverTestee } from "../runner/testee.ts";

const maxPayloadOf = (endpoint: Endpoint): number =>
  endpoint.endsWith("small") ? smallBytes : 17 * 1024 * 1024;

function deflateOf(endpoint: Endpoint): false | PerMessageDeflateOptions {
  if (!endpoint.startsWith("deflate")) return false;
  return { threshold: 0, ...(endpoint === "deflate-lean" ? leanTerms : {}) };
}

function echo(socket: WebSocket): void {
  socket.on("message", (data: RawData, isBinary: boolean) => socket.send(data, { binary: isBinary }));
  // What a peer does wrong comes as an error; the close frame says the same.
  socket.on("error", () => {});
}

export function wsServer(): ServerTestee {
  return serverTestee("ws server", { hasCompression: true }, async (endpoint) => {
    const http = createServer((_request, response) => {
      response.writeHead(426, { Connection: "close", "Content-Length": 0 }).end();
    });
    const perMessageDeflate = deflateOf(endpoint);
    const server = new WebSocketServer({
      server: http,
      perMessageDeflate,
      maxPayload: maxPayloadOf(endpoint),
    });
    server.on("connection", echo);
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return {
      port: (http.address() as AddressInfo).port,
      async close() {
        for (const client of server.clients) client.terminate();
        server.close();
        http.close();
        await once(http, "close");
      },
    };
  });
}

export function wsClient(): ClientTestee {
  return clientTestee("ws client", { hasCompression: true }, async (url, endpoint) => {
    const perMessageDeflate = deflateOf(endpoint);
    const socket = new WebSocket(url, { perMessageDeflate, maxPayload: maxPayloadOf(endpoint) });
    echo(socket);
    return new Promise((resolve) => {
      socket.once("open", () => resolve("opened"));
      socket.once("error", () => resolve("failed"));
    });
  });
}
