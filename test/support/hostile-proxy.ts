/**
 * A proxy as the worst ones are, on purpose: it strips, swallows, buffers, cuts, trickles, resets, repeats and delays. It understands
 * just enough of HTTP/1.1 for that: one request on each connection, which is closed behind the response.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { TestContext } from "node:test";
import type { MessageHead } from "./hostile-proxy/message-head.ts";
import { fieldOf, formatHead, isWholeBody, parseHead, statusOf } from "./hostile-proxy/message-head.ts";
import type { Hostility } from "./hostile-proxy/modes.ts";
import { hostilities } from "./hostile-proxy/modes.ts";
import type { SeededRandom } from "./hostile-proxy/random.ts";
import { seededRandom } from "./hostile-proxy/random.ts";
import type { ResponseFilter } from "./hostile-proxy/response-filter.ts";
import { createFilter } from "./hostile-proxy/response-filter.ts";

export type { Hostility, HostilityName } from "./hostile-proxy/modes.ts";
export { hostilities } from "./hostile-proxy/modes.ts";

/** A request with the connections that it lives on. */
interface Forwarding {
  readonly client: Socket;
  readonly head: MessageHead;
  /** What stands behind the head. */
  readonly body: Buffer;
  readonly isUpgrade: boolean;
  readonly mode: Hostility;
}

/** A proxy in front of one port of the loopback address. Its mode can be changed; requests that have come keep theirs. */
export class HostileProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #random: SeededRandom;
  readonly #sockets = new Set<Socket>();
  /** How it treats the requests that come from now on. */
  mode: Hostility;
  /** The requests that have come, as their first lines. */
  readonly requests: string[] = [];
  /** How often it did what its mode is for: a test in which that never happened has shown nothing. */
  acts = 0;

  /** Starts one that ends with the test. What it does by chance, it does the same for the same `seed`. */
  static async start(
    context: TestContext,
    targetPort: number,
    mode: Hostility = hostilities.none,
    seed = 1,
  ): Promise<HostileProxy> {
    const proxy = new HostileProxy(targetPort, mode, seed);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    context.after(() => proxy.#close());
    return proxy;
  }

  private constructor(targetPort: number, mode: Hostility, seed: number) {
    this.#targetPort = targetPort;
    this.#random = seededRandom(seed);
    this.mode = mode;
    this.#server = createServer((client) => this.#serve(client));
  }

  /** The port on which it waits for clients. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Its URL, without a path. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Keeps a socket until it is closed, and leaves its errors to the "close" that follows them. */
  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #serve(client: Socket): void {
    this.#keep(client);
    let received: Buffer = Buffer.alloc(0);
    const receive = (bytes: Buffer): void => {
      received = Buffer.concat([received, bytes]);
      const head = parseHead(received);
      const body = received.subarray(head?.bytes);
      if (head === undefined || !isWholeBody(head, body)) return;
      client.off("data", receive);
      this.requests.push(head.startLine);
      const isUpgrade = fieldOf(head, "upgrade")?.toLowerCase() === "websocket";
      this.#dispatch({ client, head, body, isUpgrade, mode: this.mode });
    };
    client.on("data", receive);
  }

  #dispatch(request: Forwarding): void {
    const { client, head, isUpgrade, mode } = request;
    if (isUpgrade && mode.upgrades === "answer") {
      this.acts += 1;
      client.write(switchingProtocols(head));
      return;
    }
    const { requests } = mode;
    if (requests.kind === "delay-posts" && head.startLine.startsWith("POST ")) {
      this.acts += 1;
      setTimeout(() => this.#forward(request, true), this.#random.below(requests.maxMs + 1));
    } else if (requests.kind === "repeat") {
      this.acts += 1;
      const answering = this.#random.below(2);
      for (const copy of [0, 1]) this.#forward(request, copy === answering);
    } else this.#forward(request, true);
  }

  /** Sends a request to the server; its response is for the client, or for nobody. */
  #forward(request: Forwarding, isAnswering: boolean): void {
    const { client, head, body, isUpgrade, mode } = request;
    if (client.destroyed) return;
    const isStripped = isUpgrade && mode.upgrades === "strip";
    if (isStripped) this.acts += 1;
    const upstream = connect(this.#targetPort, "127.0.0.1");
    this.#keep(upstream);
    client.on("close", () => upstream.destroy());
    upstream.write(Buffer.concat([requestHead(head, isUpgrade && !isStripped), body]));
    if (isAnswering) this.#passResponse(request, upstream);
    // Read to its end all the same: the server is to believe that it was heard.
    else upstream.resume();
  }

  #passResponse(request: Forwarding, upstream: Socket): void {
    const { client, mode } = request;
    let beginning: Buffer = Buffer.alloc(0);
    let filter: ResponseFilter | undefined;
    const act = (): void => {
      this.acts += 1;
    };
    upstream.on("data", (bytes: Buffer) => {
      if (filter !== undefined) {
        filter.receive(bytes);
        return;
      }
      beginning = Buffer.concat([beginning, bytes]);
      const head = parseHead(beginning);
      if (head === undefined) return;
      const isTunnel = statusOf(head) === 101;
      if (isTunnel && mode.upgrades === "swallow") {
        act();
        client.write(beginning.subarray(0, head.bytes));
        filter = { receive: () => {}, end: () => {} };
        return;
      }
      const isSpared = isTunnel && !mode.includesTunnels;
      const context = { client, head, random: this.#random, act };
      filter = createFilter(isSpared ? { kind: "pass" } : mode.responses, context);
      filter.receive(beginning);
      if (isTunnel) client.on("data", (fromClient: Buffer) => upstream.write(fromClient));
    });
    upstream.on("end", () => filter?.end());
    // A filter that has seen the end may still have bytes to pass, and ends the client's connection itself.
    upstream.on("close", (hadError) => {
      if (filter === undefined || hadError) client.destroySoon();
    });
  }
}

/** A request's head for the server: one request on each connection, so that the end of the connection is the response's. */
function requestHead(head: MessageHead, isUpgrade: boolean): Buffer {
  if (isUpgrade) return formatHead(head.startLine, head.fields);
  const fields = head.fields.filter(([name]) => !/^(?:connection|upgrade)$/i.test(name));
  return formatHead(head.startLine, [...fields, ["Connection", "close"]]);
}

/** A 101 that a client takes for the server's: with the right key, and the first subprotocol of those offered. */
function switchingProtocols(head: MessageHead): Buffer {
  const key = `${fieldOf(head, "sec-websocket-key") ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const subprotocol = fieldOf(head, "sec-websocket-protocol")?.split(",")[0]?.trim();
  return formatHead("HTTP/1.1 101 Switching Protocols", [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", createHash("sha1").update(key).digest("base64")],
    ...(subprotocol === undefined ? [] : [["Sec-WebSocket-Protocol", subprotocol] as const]),
  ]);
}
