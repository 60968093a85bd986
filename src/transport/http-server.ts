import type { IncomingMessage, Server, ServerOptions } from "node:http";
import { createServer, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import type { Problem } from "../base/errors.ts";
import { describe, misuse } from "../base/errors.ts";
import type { HttpLimits } from "../base/limits.ts";
import { quote } from "../base/text.ts";
import { prepareAdoption } from "./adoption-probe.ts";
import { plainAddress } from "./address-list.ts";
import { ConnectionBook } from "./connection-book.ts";
import { after } from "./deadline.ts";
import { endSocket } from "./end-socket.ts";
import { HttpExchange } from "./http-exchange.ts";
import { checkHost, checkPort, listenError, serverUrl } from "./listen-address.ts";
import { plainResponse } from "./plain-answer.ts";

/** What `tls.createServer` takes: certificate, key and the rest. */
export type { TlsOptions };

/** How often Node looks for requests that take too long: how late a 408 may come, in milliseconds. */
const timeoutCheckMs = 1000;

/** How long the end of a refused connection may take, in milliseconds. */
const endTimeoutMs = 2000;

export interface HttpServerOptions {
  readonly limits: HttpLimits;
  readonly tls?: TlsOptions | undefined;
  /** Whether the sockets of WebSockets may be adopted (handle-stream.ts). */
  readonly mayAdopt: boolean;
  /** A request whose header fields are complete. */
  readonly receiveExchange: (exchange: HttpExchange) => void;
  /** Something that is no request; it has been answered already. */
  readonly receiveProblem: (problem: Problem, peerAddress: string) => void;
}

/**
 * Node's HTTP server, set up so that nothing is refused silently: every request becomes an exchange, also one that
 * asks for another protocol or has no Host, and what cannot be parsed is reported.
 */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #book = new ConnectionBook();
  /** Connections on which something came that was no HTTP: one answer and one log line each, however much follows. */
  readonly #failed = new WeakSet<Socket>();
  #url = "";

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { limits, tls } = options;
    const { requestTimeoutMs, headersTimeoutMs } = limits;
    const settings = {
      maxHeaderSize: limits.maxHeaderBytes,
      // The header fields are part of the request: they cannot have more time than all of it. 0 is no limit.
      headersTimeout:
        requestTimeoutMs === 0 ? headersTimeoutMs : Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      // A missing Host is refused by us, with a reason and a log line.
      requireHostHeader: false,
    };
    // The handshake of TLS has as much time as the header fields behind it.
    const secureSettings = {
      ...settings,
      ...(headersTimeoutMs === 0 ? {} : { handshakeTimeout: headersTimeoutMs }),
    };
    this.#server =
      tls === undefined ? createServer(settings) : createSecureServer({ ...secureSettings, ...tls });
    // Past its own count Node drops header fields silently; `maxHeaders` is judged on what came.
    this.#server.maxHeadersCount = 0;
    this.#server.on("connection", (socket: Socket) => this.#book.add(socket, tls !== undefined));
    this.#server.on("secureConnection", (socket: Socket) => this.#book.secure(socket));
    const receiveRequest = (request: IncomingMessage, response: ServerResponse): void =>
      this.#receiveRequest(request, response);
    this.#server.on("request", receiveRequest);
    this.#server.on("checkExpectation", receiveRequest);
    this.#server.on("upgrade", (request, socket, head) =>
      this.#receiveUpgrade(request, socket as Socket, head),
    );
    this.#server.on("connect", (request, socket, head) =>
      this.#receiveUpgrade(request, socket as Socket, head),
    );
    this.#server.on("clientError", (error, socket) => this.#receiveClientError(error, socket as Socket));
    this.#server.on("tlsClientError", (error, socket) => {
      if (!isConnectionLoss(error))
        this.#report(
          describe("REQUEST_MALFORMED", { reason: `the TLS handshake failed, ${quote(error.message)}` }),
          socket,
        );
    });
  }

  /** Where a person on this machine reaches the server; empty before `listen`. */
  get url(): string {
    return this.#url;
  }

  get port(): number {
    const address = this.#server.address() as AddressInfo | null;
    return address?.port ?? 0;
  }

  /** Binds; rejects with the code, the reason and what to do. */
  async listen(port: number, host: string | undefined): Promise<void> {
    checkPort(port);
    checkHost(host);
    if (this.#options.mayAdopt) await prepareAdoption();
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => reject(listenError(error, port, host));
      this.#server.once("error", onError);
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off("error", onError);
        resolve();
      });
    });
    this.#url = serverUrl(this.#options.tls === undefined ? "http" : "https", host, this.port);
  }

  /** Accepts no more; resolves when every connection has ended. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    // A connection whose last request is being answered shall not wait for another one.
    this.#server.keepAliveTimeout = 1;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      this.#book.destroySilent();
    });
    await this.#book.streamsClosed();
  }

  /** Cuts the connections that are left. */
  destroyConnections(): void {
    this.#server.closeAllConnections();
    this.#book.destroyAll();
  }

  #receiveRequest(request: IncomingMessage, response: ServerResponse): void {
    const source = { request, createResponse: () => response, upgradeHead: undefined, book: this.#book };
    const exchange = new HttpExchange(source);
    const { socket } = request;
    this.#book.begin(socket, exchange);
    if (response.socket === null) relayClose(response, socket);
    response.once("close", () => this.#book.end(socket, exchange));
    // The rest of a body that nobody wants is not read for ever.
    response.once("finish", () => {
      if (!exchange.hasBody || request.complete) return;
      const deadline = after(endTimeoutMs, () => endSocket(socket, endTimeoutMs));
      request.once("close", () => deadline.cancel());
    });
    this.#options.receiveExchange(exchange);
  }

  /** Node has taken its hands off this socket: errors, the answer and the end are ours. */
  #receiveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    ignoreErrors(socket);
    const createResponse = (): ServerResponse => {
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket);
      // Node has stopped telling a response when its socket takes more.
      const onDrain = (): boolean => response.emit("drain");
      socket.on("drain", onDrain);
      response.once("finish", () => {
        socket.off("drain", onDrain);
        response.detachSocket(socket);
        response.emit("close");
        endSocket(socket, endTimeoutMs);
      });
      return response;
    };
    const exchange = new HttpExchange({ request, createResponse, upgradeHead: head, book: this.#book });
    this.#book.whenIdle(socket, () => this.#options.receiveExchange(exchange));
  }

  #receiveClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    if (this.#failed.has(socket)) return;
    this.#failed.add(socket);
    // A connection that was lost, or on which nothing was ever sent (browsers open some in advance), asks for nothing.
    if (isConnectionLoss(error) || socket.bytesRead === 0 || !socket.writable) {
      socket.destroy();
      return;
    }
    const latest = this.#book.latest(socket);
    const isInBody = latest !== undefined && !latest.isComplete;
    const problem = this.#problemOf(error);
    this.#report(problem, socket);
    if (isInBody) {
      // The body of that request is what was wrong: this is its answer, whatever its handler does.
      latest.overrule(problem);
      return;
    }
    this.#book.whenIdle(socket, () => {
      if (socket.writable) socket.write(plainResponse(problem));
      endSocket(socket, endTimeoutMs);
    });
  }

  #problemOf(error: NodeJS.ErrnoException): Problem {
    const { maxHeaderBytes, headersTimeoutMs, requestTimeoutMs } = this.#options.limits;
    switch (error.code ?? "") {
      case "HPE_HEADER_OVERFLOW":
        return describe("HEADERS_TOO_LARGE", { limit: maxHeaderBytes });
      case "ERR_HTTP_REQUEST_TIMEOUT":
        return describe("REQUEST_TIMEOUT", { headers: headersTimeoutMs, whole: requestTimeoutMs });
      default:
        return describe("REQUEST_MALFORMED", { reason: quote(error.message) });
    }
  }

  #report(problem: Problem, socket: Socket): void {
    this.#options.receiveProblem(problem, plainAddress(socket.remoteAddress));
  }
}

/** What a broken connection means is said by its "close". Apart from where closures would keep the request alive. */
function ignoreErrors(socket: Socket): void {
  socket.on("error", () => {});
}

/** A response that waits behind an earlier one has no socket yet, and Node does not tell it when its connection is lost. */
function relayClose(response: ServerResponse, socket: Socket): void {
  const onClose = (): boolean => response.emit("close");
  socket.once("close", onClose);
  response.once("socket", () => socket.off("close", onClose));
}

function createSecureServer(options: ServerOptions & TlsOptions): Server {
  const { cert, pfx, SNICallback, pskCallback, secureContext } = options as TlsOptions & {
    secureContext?: unknown;
  };
  if ([cert, pfx, SNICallback, pskCallback, secureContext].every((each) => each === undefined)) {
    throw misuse("SETTING_INVALID", {
      name: "tls",
      expected: "a key and a certificate that fit",
      value: "no certificate",
    });
  }
  try {
    return createTlsServer(options);
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error);
    throw misuse(
      "SETTING_INVALID",
      { name: "tls", expected: "a key and a certificate that fit", value },
      { cause: error },
    );
  }
}

function isConnectionLoss(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNRESET" || error.code === "EPIPE" || error.code === "HPE_INVALID_EOF_STATE";
}
