import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "../base/errors.ts";
import { describe, misuse } from "../base/errors.ts";
import type { HttpLimits } from "../base/limits.ts";
import { quote } from "../base/text.ts";
import { listIncludes } from "../protocol/http/field-values.ts";
import { prepareAdoption } from "./adoption-probe.ts";
import { plainAddress, unixPeer } from "./address-list.ts";
import { leaveUnread } from "./bodyless-request.ts";
import { ConnectionBook } from "./connection-book.ts";
import { after } from "./deadline.ts";
import { DirectResponse, keepAliveFields } from "./direct-response.ts";
import { endSocket } from "./end-socket.ts";
import { framingFault, announcesBody } from "./request-framing.ts";
import type { HttpConnection } from "./http-connection.ts";
import { HttpExchange } from "./http-exchange.ts";
import { serverUrl } from "./listen-address.ts";
import type { ConnectionSource, ListenTarget } from "./listen-target.ts";
import { listenAtPath, listenAtPort } from "./listen-target.ts";
import { plainResponse } from "./plain-answer.ts";
import { StallWatch } from "./stall-watch.ts";
import type { TlsOptions } from "./tls-server.ts";
import { createSecureServer, reloadCertificate } from "./tls-server.ts";

/** How often Node looks for requests that take too long: how late a 408 may come, in milliseconds. */
const timeoutCheckMs = 1000;

/** How long the end of a refused connection may take, in milliseconds. */
const endTimeoutMs = 2000;

/** How to listen, besides where. */
export interface ListenSettings {
  readonly host?: string | undefined;
  readonly backlog?: number | undefined;
}

/**
 * Connections that the operating system may have ready before they are accepted. Node's 511 overflow when all clients of a
 * server that was restarted come back in the same moment; what overflows is tried again after a second, and then two. Linux
 * has 4096 as its own limit (net.core.somaxconn) and silently takes that where more is asked for.
 */
const backlogDefault = 4096;

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
  readonly #server: Server<typeof IncomingMessage, typeof DirectResponse>;
  readonly #book: ConnectionBook;
  readonly #stalls: StallWatch;
  #tls: TlsOptions | undefined;
  #url = "";
  #isOpen = false;
  #stopAccepting: () => void = () => {};

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { limits, tls } = options;
    this.#book = new ConnectionBook(keepAliveFields(limits.keepAliveTimeoutMs));
    this.#stalls = new StallWatch(this.#book, limits.responseTimeoutMs);
    this.#tls = tls;
    const { requestTimeoutMs, headersTimeoutMs } = limits;
    const settings = {
      maxHeaderSize: limits.maxHeaderBytes,
      // The header fields are part of the request: they cannot have more time than all of it. 0 is no limit.
      headersTimeout:
        requestTimeoutMs === 0 ? headersTimeoutMs : Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      ServerResponse: DirectResponse,
      // Node takes a request without it for an upgrade whenever it may be one; since 24 it can be told.
      shouldUpgradeCallback: isUpgrade,
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
    const receiveRequest = (request: IncomingMessage, response: DirectResponse): void =>
      this.#receiveRequest(request, response, false);
    this.#server.on("request", receiveRequest);
    this.#server.on("checkExpectation", receiveRequest);
    // Left to itself Node says "100 Continue" before anybody knows whether the body is wanted. An answer without it closes
    // the connection, which Node sees to: what comes next might be that body or another request (RFC 9110 §10.1.1).
    this.#server.on("checkContinue", (request, response) => this.#receiveRequest(request, response, true));
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
          plainAddress(socket.remoteAddress, this.#book.namelessPeer),
        );
    });
  }

  /** Where a person on this machine reaches the server; empty before `listen`. */
  get url(): string {
    return this.#url;
  }

  /** The port that was bound; 0 where there is none. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Binds; rejects with the code, the reason and what to do. */
  async listen(target: ListenTarget, settings: ListenSettings = {}): Promise<void> {
    const { host, backlog = backlogDefault } = settings;
    if (this.#options.mayAdopt) await prepareAdoption();
    if (typeof target === "number") {
      await listenAtPort(this.#server, target, host, backlog);
      this.#url = serverUrl(this.#tls === undefined ? "http" : "https", host, this.port);
    } else if ("path" in target) {
      this.#book.namelessPeer = unixPeer;
      await listenAtPath(this.#server, target, backlog);
      this.#url = `unix:${target.path}`;
    } else {
      this.#receiveFrom(target.source);
    }
    this.#stalls.start();
    this.#isOpen = true;
  }

  /** Has connections to come use another certificate. Throws TLS_NOT_SPOKEN, or SETTING_INVALID and changes nothing. */
  reloadTls(options: TlsOptions): void {
    if (this.#tls === undefined) throw misuse("TLS_NOT_SPOKEN", {});
    this.#tls = reloadCertificate(this.#server, this.#tls, options);
  }

  /** Accepts no more; resolves when every connection has ended. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#book.isClosing = true;
    this.#stopAccepting();
    // A connection whose last request is being answered shall not wait for another one.
    this.#server.keepAliveTimeout = 1;
    await new Promise<void>((resolve) => {
      // Where others accept, Node's server has never listened, says so, and knows nothing of its connections.
      // It closes the idle ones by itself.
      this.#server.close(() => resolve());
      this.#book.destroySilent();
      // What has been handed over and not been taken yet said that the connection stays open.
      for (const connection of this.#book.connections()) {
        if (connection.latest?.isHandedOver === true)
          connection.whenIdle(() => endSocket(connection.socket, endTimeoutMs));
      }
    });
    await this.#book.connectionsClosed();
    this.#stalls.stop();
    await this.#book.streamsClosed();
  }

  /** Cuts the connections that are left. */
  destroyConnections(): void {
    this.#server.closeAllConnections();
    this.#book.destroyAll();
  }

  #receiveFrom(source: ConnectionSource): void {
    const receive = (socket: Socket): void => {
      // Whoever has asked may end its side: Node's own server reads on for the same reason.
      socket.allowHalfOpen = true;
      this.#server.emit("connection", socket);
      // Whoever hands a socket on has paused it, so that nothing is read before there is somebody who reads.
      socket.resume();
    };
    source.on("connection", receive);
    this.#stopAccepting = () => source.off("connection", receive);
    // This is when Node begins to look for requests that take too long.
    this.#server.emit("listening");
  }

  #receiveRequest(request: IncomingMessage, response: DirectResponse, awaitsContinue: boolean): void {
    const connection = this.#book.connectionOf(request.socket);
    // What stands behind something that was refused is no request, and neither is what stands behind the last answer (RFC 9112 §9.6).
    if (connection.hasFailed || connection.socket.writableEnded) return;
    const fault = framingFault(request);
    if (fault !== undefined) {
      this.#refuse(describe("REQUEST_MALFORMED", { reason: fault }), connection);
      return;
    }
    const { latest } = connection;
    // What is to be told to go on is told so when it is its turn: "100 Continue" would stand before the answers that are under way.
    const isOutOfTurn = awaitsContinue && latest !== undefined;
    if (latest?.mayEndConnection === true || connection.hasWaiting || isOutOfTurn) {
      connection.whenIdle(() => this.#receiveRequest(request, response, awaitsContinue));
      return;
    }
    const book = this.#book;
    const source = { request, response, connection, book, awaitsContinue, upgrade: undefined };
    const exchange = new HttpExchange(source);
    connection.begin(exchange);
    response.on("close", () => {
      connection.end(exchange);
      exchange.receiveClosed();
    });
    const { hasBody } = exchange;
    if (hasBody) endUnread(request, response, exchange);
    else leaveUnread(request);
    if (!hasBody && latest === undefined) {
      this.#options.receiveExchange(exchange);
      return;
    }
    // The parser is to look first at what came with the header fields: a body that breaks its framing is no request to answer.
    // What stands behind such a request waits as well, or it would be begun before it.
    queueMicrotask(() => {
      if (!exchange.isOverruled) this.#options.receiveExchange(exchange);
    });
  }

  /** Node has taken its hands off this socket: errors, the answer and the end are ours. */
  #receiveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    ignoreErrors(socket);
    const connection = this.#book.connectionOf(socket);
    if (connection.hasFailed || socket.writableEnded) return;
    // Node has stopped telling responses when their socket takes more, also one that is still under way.
    const onDrain = (): void => connection.first?.receiveDrain();
    socket.on("drain", onDrain);
    connection.whenIdle(() => socket.off("drain", onDrain));
    if (!isUpgrade(request)) {
      connection.whenIdle(() => this.#ignoreUpgrade(request, socket, head));
      return;
    }
    const createResponse = (): DirectResponse => {
      const response = createUpgradeResponse(request, socket);
      response.once("close", () => exchange.receiveClosed());
      return response;
    };
    const exchange: HttpExchange = new HttpExchange({
      request,
      response: undefined,
      connection,
      book: this.#book,
      awaitsContinue: false,
      upgrade: { head, createResponse },
    });
    connection.whenIdle(() => {
      if (!socket.writableEnded) this.#options.receiveExchange(exchange);
    });
  }

  /** Node reads no body of a request that asks for another protocol: it gets the request again without that wish. */
  #ignoreUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (socket.writableEnded) return;
    socket.unshift(Buffer.concat([formatWithoutUpgrade(request), head]));
    this.#server.emit(this.#tls === undefined ? "connection" : "secureConnection", socket);
    socket.resume();
  }

  #receiveClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#book.connectionOf(socket);
    if (connection.hasFailed) return;
    connection.hasFailed = true;
    // A connection that was lost, or on which nothing was ever sent (browsers open some in advance), asks for nothing.
    if (isConnectionLoss(error) || socket.bytesRead === 0 || !socket.writable) {
      socket.destroy();
      return;
    }
    const { latest } = connection;
    const problem = this.#problemOf(error, socket);
    if (latest === undefined || latest.isComplete) {
      this.#refuse(problem, connection);
      return;
    }
    this.#report(problem, connection.peerAddress);
    // The body of that request is what was wrong: this is its answer, whatever its handler does.
    latest.overrule(problem);
  }

  /** Answers what is no request, behind the answers that are under way, and takes no more of its connection. */
  #refuse(problem: Problem, connection: HttpConnection): void {
    const { socket } = connection;
    connection.hasFailed = true;
    this.#report(problem, connection.peerAddress);
    connection.whenIdle(() => {
      if (socket.writable) socket.write(plainResponse(problem));
      endSocket(socket, endTimeoutMs);
    });
  }

  #problemOf(error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Socket): Problem {
    const { maxHeaderBytes, maxTargetBytes, headersTimeoutMs, requestTimeoutMs } = this.#options.limits;
    switch (error.code ?? "") {
      case "HPE_HEADER_OVERFLOW":
        if (isWithinTarget(error.rawPacket, socket) && maxTargetBytes <= maxHeaderBytes) {
          return describe("TARGET_TOO_LONG", {
            got: `more than ${maxTargetBytes} bytes`,
            limit: maxTargetBytes,
          });
        }
        return describe("HEADERS_TOO_LARGE", { limit: maxHeaderBytes });
      case "ERR_HTTP_REQUEST_TIMEOUT":
        return describe("REQUEST_TIMEOUT", { headers: headersTimeoutMs, whole: requestTimeoutMs });
      default:
        return describe("REQUEST_MALFORMED", { reason: quote(error.message) });
    }
  }

  #report(problem: Problem, peerAddress: string): void {
    this.#options.receiveProblem(problem, peerAddress);
  }
}

/** The response to a request that asked for another protocol and does not get it: the last on its connection. */
function createUpgradeResponse(request: IncomingMessage, socket: Socket): DirectResponse {
  const response = new DirectResponse(request);
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
}

/**
 * Whether a request leaves HTTP, or is refused. One with a body may be answered as if it had not asked for another protocol (RFC 9110
 * §7.8); a WebSocket's handshake has none, and is told so.
 */
function isUpgrade(request: IncomingMessage): boolean {
  return (
    !announcesBody(request) ||
    listIncludes(request.headers.upgrade, "websocket") ||
    request.method === "CONNECT"
  );
}

/** The rest of a body that nobody wants is not read for ever. */
function endUnread(request: IncomingMessage, response: DirectResponse, exchange: HttpExchange): void {
  const { socket } = request;
  response.once("finish", () => {
    // Also what is here already: what is not taken out of the stream would hold up the next request.
    exchange.discardBody();
    if (request.complete) return;
    const deadline = after(endTimeoutMs, () => endSocket(socket, endTimeoutMs));
    request.once("close", () => deadline.cancel());
  });
}

/** The request line and header fields as they came, but for Upgrade. */
function formatWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== "upgrade") lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** What a broken connection means is said by its "close". Apart from where closures would keep the request alive. */
function ignoreErrors(socket: Socket): void {
  socket.on("error", () => {});
}

/** Whether all that ever came on a connection is the beginning of a request line: only then is it known where the limit was passed. */
function isWithinTarget(packet: Buffer | undefined, socket: Socket): boolean {
  return packet !== undefined && packet.length >= socket.bytesRead && !packet.includes("\n");
}

function isConnectionLoss(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNRESET" || error.code === "EPIPE" || error.code === "HPE_INVALID_EOF_STATE";
}
