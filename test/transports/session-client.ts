import { setTimeout as delay } from "node:timers/promises";
import { noBytes } from "../../src/base/bytes.ts";
import type { AnswerHead, CloseRecord, RequestHead } from "../../src/protocol/session/head.ts";
import { recordOverheadBytes } from "../../src/protocol/session/head.ts";
import type { HeaderFields } from "../../src/protocol/http/header-fields.ts";
import { CloseCode } from "../../src/protocol/websocket/close-code.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import type { TestClose, TestRefusal } from "../../src/testing/index.ts";
import type { StreamEvent } from "./event-stream-reader.ts";
import { readEvents } from "./event-stream-reader.ts";
import type { SessionClientOptions } from "./session-request.ts";
import { bodyOf, fieldsOf, openSession, sendRequest, toBase64 } from "./session-request.ts";

/** How many records a request may bring. */
const linesMax = 1000;

/** A record, as JSON has it. */
type Line = string | { readonly binary?: string; readonly ping?: string; readonly pong?: string };

/**
 * A client that reaches a handler without a WebSocket (docs/session-protocol.md), with the methods of `TestClient`.
 * It takes each message once and in order, and a server that sends one twice or leaves one out ends it with 1006.
 * It is written from that page alone, so that it can judge the server, and the client that users get.
 */
export class SessionClient {
  readonly #url: URL;
  readonly #options: SessionClientOptions;
  readonly #messages = new Inbox<string | Uint8Array>();
  readonly #pings = new Inbox<Uint8Array>();
  readonly #pongs = new Inbox<Uint8Array>();
  readonly #closes = new Inbox<TestClose>();
  readonly #aborter: AbortController;
  /** Header fields of the answer to the opening. */
  readonly headers: HeaderFields;
  #opening: AnswerHead = { ack: 0 };
  /** The number of the last record that came, and what has come since the server was last told of one. */
  #received = 0;
  #unacknowledgedBytes = 0;
  /** What the server has not taken yet, and the number before that of the first. */
  #lines: string[] = [];
  #taken = 0;
  #posting: Promise<void> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #resume: () => void = () => {};
  #isClosing = false;
  #isOver = false;

  /**
   * Opens a session at an `http:` or `https:` URL; `ws:` and `wss:` stand for these.
   *
   * @throws Error with the status and the body when it is refused; `refusal` expects that instead.
   */
  static async connect(url: string | URL, options: SessionClientOptions): Promise<SessionClient> {
    const aborter = new AbortController();
    const response = await openSession(url, options, aborter.signal);
    if (response.status !== 200) {
      throw new Error(`the session was refused: ${response.status}\n${await response.text()}`);
    }
    const session = new SessionClient(url, options, response, aborter);
    await session.#start(response);
    return session;
  }

  /** Opens a session where a refusal is expected, and resolves with it. */
  static async refusal(url: string | URL, options: SessionClientOptions): Promise<TestRefusal> {
    const response = await openSession(url, options);
    if (response.status !== 200) {
      return { status: response.status, headers: fieldsOf(response), body: await response.text() };
    }
    await response.body?.cancel();
    throw new Error("the session was not refused");
  }

  private constructor(
    url: string | URL,
    options: SessionClientOptions,
    response: Response,
    aborter: AbortController,
  ) {
    this.#aborter = aborter;
    this.#url = new URL(url);
    this.#options = options;
    this.headers = fieldsOf(response);
  }

  /** What the server chose; empty when it chose none. */
  get subprotocol(): string {
    return this.#opening.subprotocol ?? "";
  }

  /** The secret by which requests of the session are known; with it a test can make requests of its own. */
  get token(): string {
    return this.#opening.session ?? "";
  }

  /** Sends a message: a string as text, bytes as binary. */
  send(message: string | Uint8Array): void {
    this.#send(typeof message === "string" ? message.toWellFormed() : { binary: toBase64(message) });
  }

  ping(payload: Uint8Array = noBytes): void {
    this.#send({ ping: toBase64(payload) });
  }

  pong(payload: Uint8Array = noBytes): void {
    this.#send({ pong: toBase64(payload) });
  }

  /** The next message; rejects when the session ends before it. */
  nextMessage(): Promise<string | Uint8Array> {
    return this.#messages.next();
  }

  /** The payload of the next ping, which has been answered. */
  nextPing(): Promise<Uint8Array> {
    return this.#pings.next();
  }

  /** The payload of the next pong. */
  nextPong(): Promise<Uint8Array> {
    return this.#pongs.next();
  }

  /** Resolves when the session has ended. To be called once. */
  closed(): Promise<TestClose> {
    return this.#closes.next();
  }

  /** Closes behind all that was sent, and resolves when the session has ended. */
  async close(code?: number, reason = ""): Promise<TestClose> {
    await this.#posting;
    if (!this.#isClosing) {
      this.#isClosing = true;
      const close = code === undefined ? {} : { code, reason };
      await this.#guard(async () => {
        let answer: AnswerHead;
        do answer = await this.#ask({ seq: this.#taken + 1, close }, this.#lines);
        while (this.#lines.length > 0);
        this.#end(answer.close ?? close);
      });
    }
    return this.closed();
  }

  /** Takes and acknowledges nothing more, like a client that is too slow. */
  pause(): void {
    this.#reading = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Reads again. */
  resume(): void {
    this.#resume();
  }

  /** Makes no request any more, and cuts those that are under way. */
  terminate(): void {
    this.#end({ code: CloseCode.abnormal });
  }

  async #start(response: Response): Promise<void> {
    if (this.#options.transport !== "sse") {
      this.#opening = this.#receiveAnswer(await response.text());
      void this.#guard(() => this.#poll());
      return;
    }
    const events = readEvents(bodyOf(response));
    const first = await events.next();
    if (first.done === true || first.value.type !== "session") throw new Error("no event named session came");
    this.#opening = JSON.parse(first.value.data) as AnswerHead;
    void this.#guard(() => this.#follow(events));
  }

  async #poll(): Promise<void> {
    const { transport, intervalMs = 10 } = this.#options;
    const poll = transport === "polling" ? 0 : (this.#opening.pollTimeoutMs ?? 0);
    while (!this.#isClosing) {
      if (transport === "polling") await delay(intervalMs);
      await this.#reading;
      if (!this.#isClosing) await this.#ask({ poll }, []);
    }
  }

  async #follow(first: AsyncGenerator<StreamEvent>): Promise<void> {
    for (let events = first; !this.#isClosing;) {
      for await (const { id, type, data } of events) {
        await this.#reading;
        if (type === "close") return await this.#receiveClose(JSON.parse(data) as CloseRecord);
        if (type !== "session")
          this.#receive(Number(id), type === "record" ? (JSON.parse(data) as Line) : data);
        if (this.#unacknowledgedBytes >= (this.#opening.ackBytes ?? 0)) await this.#ask({}, []);
      }
      if (!this.#isClosing) events = readEvents(bodyOf(await this.#request({}, [], "text/event-stream")));
    }
  }

  #send(line: Line): void {
    if (this.#isClosing) return;
    this.#lines.push(JSON.stringify(line));
    this.#posting ??= this.#guard(() => this.#post());
  }

  /** What is sent in one turn goes in one request; one request at a time. */
  async #post(): Promise<void> {
    await Promise.resolve();
    while (this.#lines.length > 0 && !this.#isClosing)
      await this.#ask({ seq: this.#taken + 1 }, this.#lines.slice(0, linesMax));
    this.#posting = undefined;
  }

  /** A request of the session, and what its answer says. */
  async #ask(head: RequestHead, lines: readonly string[]): Promise<AnswerHead> {
    const answer = this.#receiveAnswer(await (await this.#request(head, lines)).text());
    if (answer.close !== undefined) await this.#receiveClose(answer.close);
    return answer;
  }

  async #request(head: RequestHead, lines: readonly string[], accept = "*/*"): Promise<Response> {
    this.#unacknowledgedBytes = 0;
    const whole = { session: this.token, ack: this.#received, ...head };
    const response = await sendRequest(this.#url, this.#options, whole, lines, accept, this.#aborter.signal);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return response;
  }

  #receiveAnswer(body: string): AnswerHead {
    const [first = "", ...records] = body.trimEnd().split("\n");
    const head = JSON.parse(first) as AnswerHead;
    if (head.ack > this.#taken) {
      this.#lines.splice(0, head.ack - this.#taken);
      this.#taken = head.ack;
    }
    for (const [index, record] of records.entries()) {
      this.#receive((head.seq ?? Number.NaN) + index, JSON.parse(record) as Line);
    }
    return head;
  }

  #receive(number: number, line: Line): void {
    if (number !== this.#received + 1) throw new Error(`record ${number} came behind ${this.#received}`);
    this.#received = number;
    const data = typeof line === "string" ? line : Buffer.from(Object.values(line).join(), "base64");
    this.#unacknowledgedBytes += recordOverheadBytes + Buffer.byteLength(data);
    const bytes = typeof data === "string" ? noBytes : new Uint8Array(data);
    if (typeof line === "string") this.#messages.add(line);
    else if (line.binary !== undefined) this.#messages.add(bytes);
    else if (line.pong !== undefined) this.#pongs.add(bytes);
    else {
      this.#pings.add(bytes);
      this.#send({ pong: toBase64(bytes) });
    }
  }

  /** The server has closed, which is confirmed. */
  async #receiveClose(close: CloseRecord): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    // A server that closes altogether is not there for it any more.
    await this.#request({ close: {} }, []).catch(() => {});
    this.#end(close);
  }

  #end({ code = CloseCode.noStatus, reason = "" }: CloseRecord, cause?: unknown): void {
    this.#isClosing = true;
    if (this.#isOver) return;
    this.#isOver = true;
    this.#aborter.abort();
    const ending = new Error(`the session was closed with ${code} ${reason}`, { cause });
    for (const inbox of [this.#messages, this.#pings, this.#pongs]) inbox.end(ending);
    this.#closes.add({ code, reason });
  }

  /** A request that fails ends the session. */
  async #guard(act: () => Promise<void>): Promise<void> {
    await act().catch((error: unknown) => this.#end({ code: CloseCode.abnormal }, error));
  }
}
