import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AnswerHead, RequestHead } from "../../src/protocol/session/head.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import type { ReadEvent } from "./event-stream-reader.ts";
import { readEventStream } from "./event-stream-reader.ts";
import type { RawResponse } from "./raw-http.ts";
import { RawConnection, requestText } from "./raw-http.ts";

/** Where a server listens. */
interface Listening {
  readonly port: number;
}

/** An answer of the session protocol. */
export interface SessionAnswer {
  readonly response: RawResponse;
  readonly status: number;
  readonly head: AnswerHead;
  /** The lines behind the head. */
  readonly records: readonly string[];
}

/** A request whose answer has not been waited for. */
export interface PendingRequest {
  readonly answer: Promise<SessionAnswer>;
  /** Cuts its connection. */
  readonly cut: () => void;
}

/** The body of a request: its head, and a line for each record. */
export function sessionBody(head: RequestHead | object, records: readonly string[] = []): string {
  return [JSON.stringify(head), ...records, ""].join("\n");
}

/** The bytes of a POST with this body. */
export function postText(path: string, body: string | Uint8Array, lines: readonly string[] = []): string {
  const bytes = Buffer.from(body);
  const hasType = lines.some((line) => /^content-type:/i.test(line));
  const head = requestText("POST", path, [
    ...(hasType ? [] : ["Content-Type: text/plain"]),
    `Content-Length: ${bytes.length}`,
    ...lines,
  ]);
  return head + bytes.toString("latin1");
}

/** Sends a POST with this body on a connection of its own. */
export async function post(
  server: Listening,
  path: string,
  body: string | Uint8Array,
  lines: readonly string[] = [],
): Promise<RawResponse> {
  const connection = await RawConnection.open(server.port);
  try {
    connection.send(postText(path, body, lines));
    return await connection.nextResponse();
  } finally {
    connection.destroy();
  }
}

/**
 * A client of the session protocol that does nothing by itself: a test says what it sends, in which order, and what it
 * acknowledges. Each request has a connection of its own.
 */
export class SessionClient {
  readonly #server: Listening;
  readonly #path: string;
  readonly #lines: readonly string[];
  readonly #connections: RawConnection[] = [];
  token = "";

  /** `lines` are header fields of every request. */
  constructor(server: Listening, path = "/ws", lines: readonly string[] = []) {
    this.#server = server;
    this.#path = path;
    this.#lines = lines;
  }

  /** Opens a session, and remembers its token. */
  async open(
    head: RequestHead = { transport: "long-polling" },
    records: readonly string[] = [],
  ): Promise<SessionAnswer> {
    const answer = await this.post(head, records);
    this.token = answer.head.session ?? "";
    return answer;
  }

  /** Sends a request, and resolves with its answer. Without a `transport` it is one of the session that was opened. */
  async post(head: RequestHead, records: readonly string[] = []): Promise<SessionAnswer> {
    return (await this.begin(head, records)).answer;
  }

  /** Sends a request; its answer may be long in coming. */
  async begin(head: RequestHead, records: readonly string[] = []): Promise<PendingRequest> {
    const connection = await RawConnection.open(this.#server.port);
    this.#connections.push(connection);
    connection.send(postText(this.#path, sessionBody(this.#complete(head), records), this.#lines));
    const answer = connection.nextResponse().then((response) => {
      connection.destroy();
      return readAnswer(response);
    });
    // A test may cut it before there is an answer.
    answer.catch(() => {});
    return { answer, cut: () => connection.destroy() };
  }

  /** Asks for a stream. */
  stream(head: RequestHead, records: readonly string[] = []): Promise<EventStream> {
    const headers = ["Accept: text/event-stream", "Content-Type: text/plain", ...this.#lines];
    const body = sessionBody(this.#complete(head), records);
    return EventStream.open(this.#server, "POST", this.#path, headers, body);
  }

  /** Ends the session, so that no server waits for it. */
  async close(ack = 0): Promise<void> {
    await this.post({ ack, close: {} });
  }

  /** Cuts all connections. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #complete(head: RequestHead): RequestHead {
    return head.transport === undefined && head.session === undefined
      ? { session: this.token, ...head }
      : head;
  }
}

function readAnswer(response: RawResponse): SessionAnswer {
  const { status } = response;
  if (status !== 200) return { response, status, head: { ack: -1 }, records: [] };
  const [head = "", ...records] = response.text.split("\n");
  if (records.pop() !== "") throw new Error(`the last line of an answer is not complete: ${response.text}`);
  return { response, status, head: JSON.parse(head) as AnswerHead, records };
}

/** A stream of server-sent events, read event by event; a comment is an event named "comment". */
export class EventStream {
  readonly #response: IncomingMessage;
  readonly #events = new Inbox<ReadEvent>();
  /** Resolves when it is over, however it ended. */
  readonly ended: Promise<void>;
  #text = "";

  static open(
    server: Listening,
    method: "GET" | "POST",
    path: string,
    lines: readonly string[] = ["Accept: text/event-stream"],
    body = "",
  ): Promise<EventStream> {
    const fields = lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const options = { port: server.port, host: "127.0.0.1", method, path, agent: false as const };
    return new Promise((resolve, reject) => {
      const headers = { Host: "localhost", ...Object.fromEntries(fields) };
      const sent = httpRequest({ ...options, headers }, (response) => resolve(new EventStream(response)));
      // After the response has begun, its own "close" says that it is over.
      sent.on("error", reject).end(body);
    });
  }

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.ended = new Promise((resolve) => {
      response.once("close", () => {
        this.#events.end(new Error(`the stream has ended after ${JSON.stringify(this.#text)}`));
        resolve();
      });
    });
    response.on("error", () => {});
    response.setEncoding("utf8").on("data", (chunk: string) => this.#receive(chunk));
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  header(name: string): string | undefined {
    const value = this.#response.headers[name];
    return typeof value === "string" ? value : value?.join(" // ");
  }

  /** The next event or comment. */
  next(): Promise<ReadEvent> {
    return this.#events.next();
  }

  /** The data of the next event, which must have this name. */
  async data(name = "message"): Promise<string> {
    const event = await this.next();
    if (event.name !== name) throw new Error(`not ${name}, but ${JSON.stringify(event)}`);
    return event.data;
  }

  /** The head in the event with which every stream begins. */
  async session(): Promise<AnswerHead> {
    return JSON.parse(await this.data("session")) as AnswerHead;
  }

  /** Stops reading, like a client that is too slow. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** Cuts the connection. */
  cut(): void {
    this.#response.destroy();
  }

  #receive(chunk: string): void {
    this.#text += chunk;
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end === -1) return;
      const { events, comments } = readEventStream(this.#text.slice(0, end + 2));
      this.#text = this.#text.slice(end + 2);
      if (comments > 0) this.#events.add({ id: "", name: "comment", data: "" });
      for (const event of events) this.#events.add(event);
    }
  }
}
