import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import type { Problem } from "../base/errors.ts";
import { noBytes } from "../base/bytes.ts";
import type { HeaderFields } from "../protocol/http/header-fields.ts";
import { helloSubprotocol } from "../protocol/session/head.ts";
import { plainAddress } from "./address-list.ts";
import type { ConnectionBook } from "./connection-book.ts";
import type { FileResult } from "./file-responder.ts";
import { respondWithFile } from "./file-responder.ts";
import type { Adopted } from "./handle-stream.ts";
import { openStream } from "./open-stream.ts";
import { plainAnswer } from "./plain-answer.ts";
import { readRequestBody } from "./request-body.ts";
import { ResponseStream } from "./response-stream.ts";
import type { WebSocketTransportOptions } from "./websocket-transport.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** A header field of a response: name, and one value or several. */
export type HeaderField = readonly [name: string, value: string | readonly string[]];

export type ResponseHeaders = Iterable<HeaderField>;

/** What a response carries. */
export type ResponseBody = string | Uint8Array | ReadableStream<Uint8Array> | undefined;

/** What the answer to a handshake says, and what the connection is to be. */
export interface AcceptOptions extends Omit<WebSocketTransportOptions, "head" | "role" | "forget"> {
  /** Whether the socket may be adopted (handle-stream.ts). */
  readonly mayAdopt: boolean;
  /** The value of Sec-WebSocket-Extensions; empty for none. */
  readonly extensions: string;
}

/** Where an exchange's bytes come from and go to. A response object is made only when one is needed. */
export interface ExchangeSource {
  readonly request: IncomingMessage;
  readonly createResponse: () => ServerResponse;
  /** Bytes behind the header fields of a request that asked for another protocol. */
  readonly upgradeHead: Uint8Array | undefined;
  /** Where a connection that leaves HTTP is written down. */
  readonly book: ConnectionBook;
}

/**
 * One request and its answer, as the layers above see them: the only object through which they reach Node's HTTP
 * server. It answers once, as a response or by turning the connection into a WebSocket.
 */
export class HttpExchange {
  readonly startedAt: number = performance.now();
  readonly #request: IncomingMessage;
  readonly #source: ExchangeSource;
  #response: ServerResponse | undefined;
  #isAnswered = false;
  #isOverruled = false;
  #onAnswered: (() => void) | undefined;
  #onLost: (() => void) | undefined;
  #standingHeaders: readonly HeaderField[] = [];

  constructor(source: ExchangeSource) {
    this.#source = source;
    this.#request = source.request;
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
    return plainAddress(this.#request.socket.remoteAddress);
  }

  get localAddress(): string {
    return plainAddress(this.#request.socket.localAddress);
  }

  get isEncrypted(): boolean {
    return "encrypted" in this.#request.socket;
  }

  /** Whether the peer has gone, so that nobody would read an answer. */
  get isAborted(): boolean {
    return this.#request.socket.destroyed;
  }

  /** Whether the request asks to leave HTTP, with an Upgrade header or CONNECT. */
  get isUpgrade(): boolean {
    return this.#source.upgradeHead !== undefined;
  }

  /** Whether the request announced a body. */
  get hasBody(): boolean {
    const { headers } = this.#request;
    return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  }

  /** Whether the request has come whole, its body included. */
  get isComplete(): boolean {
    return this.#request.complete;
  }

  /** Whether an answer has been begun. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** The status of the answer. */
  get status(): number {
    return this.#response?.statusCode ?? 101;
  }

  /** Milliseconds since the header fields were complete. */
  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Has `listener` called once when the answer has been sent, or could not be since the peer had gone. */
  onAnswered(listener: () => void): void {
    this.#onAnswered = listener;
  }

  /** Header fields that the answer has whatever it is, besides those it comes with. */
  setStandingHeaders(headers: readonly HeaderField[]): void {
    this.#standingHeaders = headers;
  }

  /** The whole body of the request; see `readRequestBody`. */
  readBody(bytesMax: number): Promise<Uint8Array | Problem | undefined> {
    return readRequestBody(this.#request, bytesMax);
  }

  /** Begins an answer that is written bit by bit. It counts as answered now. */
  openStream(status: number, headers: ResponseHeaders): ResponseStream {
    const stream = new ResponseStream(this.#open(status, headers));
    this.#answered();
    return stream;
  }

  /** Answers. A body of known length gets its Content-Length; nothing is sent for a body that HTTP forbids. */
  async respond(status: number, headers: ResponseHeaders, body: ResponseBody): Promise<void> {
    if (this.#isOverruled) {
      if (body instanceof ReadableStream) await body.cancel();
      return;
    }
    const response = this.#open(status, headers);
    if (typeof body === "string" || body instanceof Uint8Array || body === undefined) {
      const bytes = typeof body === "string" ? Buffer.from(body) : (body ?? noBytes);
      if (mayHaveBody(status)) response.setHeader("Content-Length", bytes.length);
      response.end(this.method === "HEAD" || !mayHaveBody(status) ? undefined : bytes);
      return;
    }
    if (this.method === "HEAD" || !mayHaveBody(status)) {
      await body.cancel();
      response.end();
      return;
    }
    response.strictContentLength = true;
    try {
      await pipeline(Readable.fromWeb(body), response);
    } catch (error) {
      // A peer that stops reading is its own affair; a source that breaks is ours, and must not look complete.
      if (error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE") return;
      this.abort();
      throw error;
    }
  }

  /** Answers with a file below `root`; when that is not possible, the exchange is still to be answered. */
  async respondWithFile(headers: ResponseHeaders, root: string, path: string): Promise<FileResult> {
    if (this.#isOverruled) return { kind: "sent" };
    const response = this.#open(200, headers);
    const result = await respondWithFile(this.#request, response, root, path);
    if (result.kind !== "sent") {
      if (result.kind === "refused" && response.headersSent) throw result.error;
      this.#isAnswered = false;
      // What has been said of the file does not belong to an answer without it.
      for (const name of response.getHeaderNames()) response.removeHeader(name);
    }
    return result;
  }

  /**
   * Answers that the rest of the request was no HTTP, unless an answer has been begun, which is then cut. What a handler
   * may still answer is dropped, and not reported as answered.
   */
  overrule(problem: Problem): void {
    this.#isOverruled = true;
    this.#onAnswered = undefined;
    const response = (this.#response ??= this.#source.createResponse());
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
   * Has `listener` called when the peer leaves before it is answered, instead of the one before: a session is to know of a
   * request that it holds, and its handler is not any more. Whoever asks for an upgrade has one listener only, the first.
   */
  onLost(listener: () => void): void {
    if (this.isUpgrade && this.#onLost !== undefined) return;
    this.#stopWatching();
    this.#onLost = listener;
    if (!this.isUpgrade) {
      this.#response ??= this.#source.createResponse();
      this.#response.once("close", listener);
      return;
    }
    const { socket } = this.#request;
    socket.once("end", listener);
    socket.once("close", listener);
    // An end is seen only by who reads: what comes before it waits in the socket's own buffer, which is bounded.
    socket.on("readable", readEnd);
  }

  /** Takes the listeners of `onLost` off: only where they are, since Node resumes a socket that loses its last such listener. */
  #stopWatching(): void {
    const listener = this.#onLost;
    if (listener === undefined) return;
    this.#onLost = undefined;
    this.#response?.off("close", listener);
    if (!this.isUpgrade) return;
    const { socket } = this.#request;
    socket.off("readable", readEnd).off("end", listener).off("close", listener);
  }

  /** Cuts the connection if an answer broke in the middle, so that it does not look complete. */
  abort(): void {
    if (this.#response?.writableEnded !== true) this.#request.socket.destroy();
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
    const { book, upgradeHead = noBytes } = this.#source;
    this.#stopWatching();
    const { stream, head } = openStream(socket, mayAdopt);
    book.addStream(stream);
    return { stream, head: head.length === 0 ? upgradeHead : Buffer.concat([upgradeHead, head]) };
  }

  #open(status: number, headers: ResponseHeaders): ServerResponse {
    this.#stopWatching();
    const response = (this.#response ??= this.#source.createResponse());
    this.#isAnswered = true;
    response.statusCode = status;
    for (const [name, value] of headers) response.setHeader(name, value);
    for (const [name, value] of this.#standingHeaders) {
      // What else the answer varies with stays true.
      if (name === "Vary") response.appendHeader(name, value);
      else response.setHeader(name, value);
    }
    if (this.isAborted) this.#answered();
    else response.once("close", () => this.#answered());
    return response;
  }

  #answered(): void {
    this.#onAnswered?.();
    this.#onAnswered = undefined;
  }
}

function readEnd(this: Socket): void {
  if (this.readableLength === 0) this.read();
}

/** The answer to an opening handshake, as it stands on the wire. */
function formatHandshake(accept: string, headers: ResponseHeaders, options: AcceptOptions): string {
  const { extensions, saysHello } = options;
  const subprotocol =
    options.subprotocol === "" && saysHello === true ? helloSubprotocol : options.subprotocol;
  let text = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
  if (subprotocol !== "") text += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  if (extensions !== "") text += `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  for (const [name, value] of headers) {
    if (handshakeFields.has(name.toLowerCase())) continue;
    for (const each of typeof value === "string" ? [value] : value) text += `${name}: ${each}\r\n`;
  }
  return `${text}\r\n`;
}

/** What the handshake itself says, or what a 101 must not have, of what a handler may set on other answers. */
const handshakeFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
]);

/** RFC 9110 §6.4.1: these have no content, and 204 not even a Content-Length. */
function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}
