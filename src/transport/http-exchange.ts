import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { performance } from "node:perf_hooks";
import type { Problem } from "../base/errors.ts";
import { noBytes } from "../base/bytes.ts";
import type { HeaderFields } from "../protocol/http/header-fields.ts";
import type { ConnectionBook } from "./connection-book.ts";
import type { DirectResponse } from "./direct-response.ts";
import { resetSocket } from "./end-socket.ts";
import { announcesBody } from "./request-framing.ts";
import type { Adopted } from "./handle-stream.ts";
import { BodyWriter } from "./body-writer.ts";
import type { HandshakeAnswer } from "./handshake-answer.ts";
import { formatHandshake } from "./handshake-answer.ts";
import type { HttpConnection } from "./http-connection.ts";
import { openStream } from "./open-stream.ts";
import { PeerWatch } from "./peer-watch.ts";
import { plainAnswer } from "./plain-answer.ts";
import type { BodyLimits } from "./request-body.ts";
import { readRequestBody, RequestBody } from "./request-body.ts";
import type { HeaderField, ResponseHeaders } from "./response-head.ts";
import { flattenHeaders, mayHaveContent, mergeHeaders } from "./response-head.ts";
import { ResponseStream } from "./response-stream.ts";
import type { WebSocketTransportOptions } from "./websocket-transport.ts";
import { WebSocketTransport } from "./websocket-transport.ts";
import type { ResponseBody } from "./whole-answer.ts";
import { sendWhole, writeHead } from "./whole-answer.ts";

export type { HeaderField, ResponseHeaders } from "./response-head.ts";
export type { ResponseBody } from "./whole-answer.ts";

/** Who wants to know what becomes of an exchange. */
export interface ExchangeListener {
  /** The answer has been sent, or could not be since the peer had gone. Called once. */
  receiveAnswered(): void;
  /** The peer left before the answer was complete, or was cut off because of `problem`. Called once, and before `receiveAnswered`. */
  receiveLost(problem: Problem | undefined): void;
}

/** What the answer to a handshake says, and what the connection is to be. */
export interface AcceptOptions
  extends
    HandshakeAnswer,
    Omit<WebSocketTransportOptions, "head" | "role" | "forget" | keyof HandshakeAnswer> {
  /** Whether the socket may be adopted (handle-stream.ts). */
  readonly mayAdopt: boolean;
}

/** A request that asked for another protocol: Node has taken its hands off the connection. */
export interface UpgradeSource {
  /** Bytes behind the header fields. */
  readonly head: Uint8Array;
  /** Makes the response, where there is to be one. */
  readonly createResponse: () => DirectResponse;
}

/** Where an exchange's bytes come from and go to. */
export interface ExchangeSource {
  readonly request: IncomingMessage;
  readonly response: DirectResponse | undefined;
  readonly connection: HttpConnection;
  /** Where a connection that leaves HTTP is written down. */
  readonly book: ConnectionBook;
  /** Whether the client sends its body only when it is told to: `Expect: 100-continue`. */
  readonly awaitsContinue: boolean;
  readonly upgrade: UpgradeSource | undefined;
}

/**
 * One request and its answer, as the layers above see them: the only object through which they reach Node's HTTP
 * server. It answers once, as a response or by turning the connection into a WebSocket.
 */
export class HttpExchange {
  readonly startedAt: number = performance.now();
  readonly #request: IncomingMessage;
  readonly #source: ExchangeSource;
  #response: DirectResponse | undefined;
  #isAnswered = false;
  #isOverruled = false;
  #isLost = false;
  #isCut = false;
  #isGivenUp = false;
  /** Whether the whole of the answer has been handed over, so that nothing can break it any more. */
  #isWhole = false;
  #listener: ExchangeListener | undefined;
  #onLost: (() => void) | undefined;
  #watch: PeerWatch | undefined;
  #standingHeaders: readonly HeaderField[] = [];
  #body: RequestBody | undefined;
  #awaitsContinue: boolean;

  constructor(source: ExchangeSource) {
    this.#source = source;
    this.#request = source.request;
    this.#response = source.response;
    this.#awaitsContinue = source.awaitsContinue;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  /** The request target as it stood in the request line; Node refuses bytes outside ASCII. */
  get target(): string {
    return this.#request.url ?? "";
  }

  get httpVersion(): string {
    return this.#request.httpVersion;
  }

  get headers(): HeaderFields {
    return this.#request.headers;
  }

  /** How many header fields came, repeated ones counted each time. */
  get headerCount(): number {
    return this.#request.rawHeaders.length / 2;
  }

  /** How often a header field came; `name` is in lower case. */
  countOf(name: string): number {
    const { rawHeaders } = this.#request;
    let count = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (rawHeaders[i]?.length === name.length && rawHeaders[i]?.toLowerCase() === name) count++;
    }
    return count;
  }

  get peerAddress(): string {
    return this.#source.connection.peerAddress;
  }

  get localAddress(): string {
    return this.#source.connection.localAddress;
  }

  get isEncrypted(): boolean {
    return this.#source.connection.isEncrypted;
  }

  /** Whether the peer has gone, so that nobody would read an answer. */
  get isAborted(): boolean {
    return this.#source.connection.socket.destroyed;
  }

  /** Whether the request asks to leave HTTP, with an Upgrade header or CONNECT. */
  get isUpgrade(): boolean {
    return this.#source.upgrade !== undefined;
  }

  /** Whether the request announced a body. */
  get hasBody(): boolean {
    return announcesBody(this.#request);
  }

  /** Whether the request has come whole, its body included. */
  get isComplete(): boolean {
    return this.#request.complete;
  }

  /** Whether its answer may be the last on the connection: the client may have kept its body back (RFC 9110 §10.1.1). */
  get mayEndConnection(): boolean {
    return this.#awaitsContinue;
  }

  /** Whether the peer has left before its answer was complete. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether the connection was cut under an answer that broke in the middle. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Whether something else was said than what the handler says; see `overrule`. */
  get isOverruled(): boolean {
    return this.#isOverruled;
  }

  /** Whether an answer has been begun. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Whether the whole of the answer has been handed over. */
  get isHandedOver(): boolean {
    return this.#isWhole;
  }

  /** The status of the answer. */
  get status(): number {
    return this.#response?.statusCode ?? 101;
  }

  /** Milliseconds since the header fields were complete. */
  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Has `listener` told what becomes of this exchange. */
  listen(listener: ExchangeListener): void {
    this.#listener = listener;
  }

  /** Node is done with the response: it has been sent, or its connection is closed. */
  receiveClosed(): void {
    if (this.#response?.isTaken !== true) this.receiveLost(undefined);
    if (this.#isAnswered) this.#answered();
  }

  /** The socket takes more, which Node does not say any more. */
  receiveDrain(): void {
    this.#response?.emit("drain");
  }

  /** The connection has closed. */
  receiveConnectionClosed(): void {
    this.receiveLost(undefined);
    // A response that waits behind another one is told nothing by Node.
    const response = this.#startResponse();
    if (response.socket === null && !response.isTaken) {
      response.destroy();
      response.emit("close");
    }
  }

  /** The connection has closed, or is going to be because of `problem`, and this exchange is still open. */
  receiveLost(problem: Problem | undefined): void {
    if (this.#isLost || this.#response?.isTaken === true) return;
    this.#isLost = true;
    this.#onLost?.();
    this.#onLost = undefined;
    this.#listener?.receiveLost(problem);
  }

  /** Header fields that the answer has whatever it is, besides those it comes with. */
  setStandingHeaders(headers: readonly HeaderField[]): void {
    this.#standingHeaders = headers;
  }

  /** The whole body of a request of the session protocol; see `readRequestBody`. */
  readBody(bytesMax: number): Promise<Uint8Array | Problem | undefined> {
    const limits = { bytesMax, timeoutMs: 0, setting: "fallback: { maxBodyBytes }" };
    return readRequestBody(this.openBody(limits));
  }

  /** The body of the request, to be read by one reader: to be called once. */
  openBody(limits: BodyLimits): RequestBody {
    this.#body = new RequestBody(this.#request, limits, () => {
      if (!this.#awaitsContinue) return;
      this.#awaitsContinue = false;
      // RFC 9110 §10.1.1: nobody needs to be told to go on once there is an answer.
      if (!this.#isAnswered) this.#startResponse().writeContinue();
    });
    return this.#body;
  }

  /** Nobody wants the rest of the body: see `RequestBody.discard`. */
  discardBody(): void {
    if (this.#body === undefined) this.#request.resume();
    else this.#body.discard();
  }

  /** Begins an answer that is written bit by bit. It counts as answered now. */
  openStream(status: number, headers: ResponseHeaders): ResponseStream {
    const stream = new ResponseStream(this.#open(status, headers));
    this.#answered();
    return stream;
  }

  /** Answers; see `sendWhole`. Returns a promise only where the client has to be waited for. */
  respond(
    status: number,
    headers: ResponseHeaders,
    body: ResponseBody,
    reason?: string,
  ): Promise<void> | undefined {
    if (this.#isOverruled || this.#isGivenUp) return undefined;
    const response = this.#prepare();
    const fields = mergeHeaders(headers, this.#standingHeaders);
    // Who has not been told to go on with its body, and now will not be, may send it or not: Node closes that connection.
    const keepAlive = this.#awaitsContinue ? undefined : this.#source.book.keepAlive;
    const sending = sendWhole(response, status, reason, fields, body, keepAlive);
    this.#isWhole = true;
    this.#settleIfGone();
    return sending;
  }

  /** Begins an answer whose body is written bit by bit, with its Content-Length if `headers` have one, which must then be right. */
  begin(status: number, headers: ResponseHeaders, reason?: string): BodyWriter {
    const response = this.#prepare();
    if (this.#isOverruled || this.#isGivenUp) return new BodyWriter(response, false);
    response.strictContentLength = true;
    const hasContent = mayHaveContent(status);
    const fields = flattenHeaders(mergeHeaders(headers, this.#standingHeaders), hasContent);
    writeHead(response, status, reason, fields);
    this.#settleIfGone();
    return new BodyWriter(response, this.method !== "HEAD" && hasContent);
  }

  /** Counts as answered with `status`, of which nothing is sent: the peer has gone. */
  giveUp(status: number): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#isGivenUp = true;
    this.#startResponse().statusCode = status;
    this.#answered();
  }

  /**
   * Answers that the rest of the request was no HTTP, unless an answer has been begun, which is then cut, or is there already, which
   * stays. What a handler may still answer is dropped.
   */
  overrule(problem: Problem): void {
    if (this.#isWhole) return;
    this.#isOverruled = true;
    // Nobody will be there for what its handler is still waiting to say.
    this.receiveLost(problem);
    const response = this.#startResponse();
    if (response.headersSent) {
      this.abort();
      return;
    }
    this.#isAnswered = true;
    const { status, body } = plainAnswer(problem);
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.writeHead(status, {
      Connection: "close",
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": Buffer.byteLength(body),
    });
    response.end(body);
  }

  /**
   * Has `listener` called when the peer leaves before an answer is begun, instead of the one before: a session is to know of a
   * request that it holds, and its handler is not any more. Whoever asks for an upgrade has one listener only, the first.
   */
  onLost(listener: () => void): void {
    if (this.isUpgrade && this.#onLost !== undefined) return;
    this.#stopWatching();
    this.#onLost = listener;
    if (this.isUpgrade) this.#watch = new PeerWatch(this.#request.socket, () => this.receiveLost(undefined));
  }

  /** Has it noticed when the peer leaves: for a request that asked to leave HTTP, Node does not. */
  watchUpgrade(): void {
    if (this.isUpgrade) this.onLost(() => {});
  }

  /** Watches no more: only where it does, since Node resumes a socket that loses its last listener. */
  #stopWatching(): void {
    this.#onLost = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
  }

  /** Cuts the connection if an answer broke in the middle, so that it does not look complete. */
  abort(): void {
    if (this.#isWhole || this.#response?.writableEnded === true) return;
    this.#isCut = true;
    this.#request.socket.destroy();
  }

  /** Closes the connection under what is being answered, because of `problem`. */
  cutOff(problem: Problem): void {
    this.receiveLost(problem);
    resetSocket(this.#request.socket);
  }

  /** Completes the opening handshake (RFC 6455 §4.2.2) and hands the socket over to the WebSocket. */
  acceptWebSocket(accept: string, headers: ResponseHeaders, options: AcceptOptions): WebSocketTransport {
    this.#isAnswered = true;
    const { stream, head } = this.#leaveHttp(options.mayAdopt);
    stream.write([Buffer.from(formatHandshake(accept, headers, options), "latin1")]);
    const { subprotocol, limits, accepts, heartbeats, codec, saysHello } = options;
    const { forgetStream: forget } = this.#source.book;
    const transport = new WebSocketTransport(stream, {
      role: "server",
      subprotocol,
      limits,
      accepts,
      heartbeats,
      codec,
      head,
      forget,
      saysHello,
    });
    this.#answered();
    return transport;
  }

  /** Makes a byte stream of the socket, with what the client sent behind its request. */
  #leaveHttp(mayAdopt: boolean): Adopted {
    const { socket } = this.#request;
    const { book, upgrade } = this.#source;
    const upgradeHead = upgrade?.head ?? noBytes;
    this.#stopWatching();
    const { stream, head } = openStream(socket, mayAdopt);
    book.addStream(stream);
    return { stream, head: head.length === 0 ? upgradeHead : Buffer.concat([upgradeHead, head]) };
  }

  /** For an answer whose header fields somebody else may change before they are sent. */
  #open(status: number, headers: ResponseHeaders): DirectResponse {
    const response = this.#prepare();
    response.statusCode = status;
    for (const [name, value] of headers) response.setHeader(name, value);
    for (const [name, value] of this.#standingHeaders) {
      // What else the answer varies with stays true.
      if (name === "Vary") response.appendHeader(name, value);
      else response.setHeader(name, value);
    }
    this.#settleIfGone();
    return response;
  }

  /** The response object, of an exchange that counts as answered from now on. */
  #prepare(): DirectResponse {
    this.#stopWatching();
    const response = this.#startResponse();
    this.#isAnswered = true;
    // RFC 9112 §9.6: a client that is told sends no other request, which nobody would answer.
    const { book, connection } = this.#source;
    if (book.isClosing && connection.latest === this) response.shouldKeepAlive = false;
    return response;
  }

  /** Only who asked for another protocol has none until one is needed. */
  #startResponse(): DirectResponse {
    this.#response ??= this.#source.upgrade!.createResponse();
    return this.#response;
  }

  /** Nothing more will be heard of an answer to a peer that has gone already. */
  #settleIfGone(): void {
    if (this.isAborted) this.#answered();
  }

  #answered(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.receiveAnswered();
  }
}
