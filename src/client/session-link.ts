import type { StreamEvent } from "../protocol/session/event-stream-parser.ts";
import { EventStreamParser } from "../protocol/session/event-stream-parser.ts";
import type { AnswerHead, CloseRecord, RequestHead, SessionKind } from "../protocol/session/head.ts";
import { recordOverheadBytes } from "../protocol/session/head.ts";
import { environment } from "./environment.ts";
import type { Ending, IncomingMessage, Link, LinkEvents, LinkTarget, OutgoingMessage } from "./link.ts";
import { byteLengthOf, isPassing, lost } from "./link.ts";
import type { ParsedRecord } from "./records.ts";
import { decodeBinary, encodeRecord } from "./records.ts";
import { SessionOutbox } from "./session-outbox.ts";
import type { Expectation, RequestError } from "./session-request.ts";
import { sendRequest } from "./session-request.ts";
import type { Slot } from "./stream-slots.ts";
import { acquireSlot } from "./stream-slots.ts";
import { jitteredDelay, sleep } from "./timing.ts";

/** An event of a stream holds one message; this is far more than a server's default allows. */
const eventCharactersMax = 2 ** 25;

/** Between a stream and the next, and behind an answer without records: whatever goes wrong, nobody is asked in a tight circle. */
const shortPauseMs = 100;

/**
 * A link by a session over `fetch`.
 *
 * Two loops run side by side. One receives: it reads a stream, or polls. The other sends what is in the outbox, one request
 * at a time. A request that fails is no end: both loops come back with the number of the last record received and with what the server has not
 * acknowledged, until nothing has succeeded for as long as the server keeps a session.
 */
export class SessionLink implements Link {
  readonly #kind: SessionKind;
  readonly #target: LinkTarget;
  /** Nobody's any more, once the link was abandoned. */
  #events: LinkEvents | undefined;
  readonly #outbox = new SessionOutbox();
  readonly #over = new AbortController();
  #slot: Slot | undefined;
  /** The first answer, with the server's token for this session and its settings. */
  #opening: AnswerHead | undefined;
  /** The number of the last record received, and the bytes that came since the last acknowledgement. */
  #received = 0;
  #unacknowledgedBytes = 0;
  #lastSuccess = Date.now();
  #closing: CloseRecord | undefined;
  #wakeSender = (): void => {};

  constructor(kind: SessionKind, target: LinkTarget, events: LinkEvents) {
    this.#kind = kind;
    this.#target = target;
    this.#events = events;
    void this.#run();
  }

  /** `polling` also for a long polling that found no slot yet. */
  get transport(): SessionKind {
    return this.#kind === "long-polling" && !this.#slot ? "polling" : this.#kind;
  }

  get bufferedAmount(): number {
    return this.#outbox.bytes;
  }

  send(message: OutgoingMessage): void {
    const line = encodeRecord(message);
    // A Blob of a file that is not there any more.
    if (typeof line !== "string") line.catch((error: Error) => this.#end(lost(error.message)));
    this.#outbox.add(line, byteLengthOf(message));
    this.#wakeSender();
  }

  close(code: number | undefined, reason: string): void {
    this.#closing = code === undefined ? {} : { code, reason };
    this.#wakeSender();
  }

  abandon(): void {
    this.#events = undefined;
    // Before it is open, nobody knows what to close. What is being opened is closed as soon as that is known.
    if (!this.#opening || this.#over.signal.aborted) return;
    this.#stop();
    const { url, options } = this.#target;
    const { credentials } = options;
    const body = this.#encodeHead({ close: {} });
    // A beacon is delivered even when the page is gone. It always carries cookies.
    if (credentials !== "include" || !environment.navigator?.sendBeacon?.(url.href, body)) {
      options.fetch(url, { method: "POST", body, credentials, keepalive: true }).catch(() => {});
    }
  }

  async #run(): Promise<void> {
    const kind = this.#kind;
    const { transports, protocols, connectTimeoutMs: timeoutMs } = this.#target.options;
    await this.#findSlot();
    if (kind === "sse" && !this.#slot && transports.some((each) => each.endsWith("polling"))) {
      this.#end(lost("other tabs hold all slots"));
    }
    if (this.#over.signal.aborted) return;
    const key = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => (byte % 36).toString(36));
    const head = { transport: kind, key: key.join(""), subprotocols: protocols };
    try {
      if (kind === "sse") await this.#readStream(head);
      else await this.#exchange({ ...head, poll: 0 }, [], timeoutMs);
      // The end of a stream's connection is the end of the stream, also where it came too early.
      if (!this.#opening) throw new Error("the answer broke off");
    } catch (error) {
      const { ending, message } = error as RequestError;
      if (!this.#opening) this.#end(ending ?? lost(`no session: ${message}`));
    }
    await this.#repeat(() => (kind === "sse" ? this.#readStream({}) : this.#poll()));
  }

  /** Does it again and again until the link is over, after the pause that it returns; after a failure a little later. */
  async #repeat(step: () => Promise<number>): Promise<void> {
    const { signal } = this.#over;
    let failures = 0;
    while (!signal.aborted) {
      let pauseMs: number;
      try {
        pauseMs = await step();
        failures = 0;
      } catch (error) {
        const { ending, message } = error as RequestError;
        const { sessionTimeoutMs = 30_000 } = this.#opening ?? {};
        const isUnknown = ending?.code === 4404;
        // The answer to our own goodbye may have been lost.
        if (isUnknown && this.#closing) this.#endAsClosed(this.#closing);
        // The server counts from the end of an answer that it held, which may have got lost long after it was asked for.
        else if (isUnknown || (failures && Date.now() - this.#lastSuccess > sessionTimeoutMs))
          this.#end(lost(message));
        else if (ending && !isPassing(ending.code)) this.#end(ending);
        pauseMs = 50 + jitteredDelay(failures++, 100, 3000) + (ending?.retryAfterMs ?? 0);
      }
      if (pauseMs > 0) await sleep(pauseMs, signal);
    }
  }

  async #readStream(head: RequestHead): Promise<number> {
    let isIntact = true;
    const parser = new EventStreamParser((event) => {
      isIntact &&= this.#receiveEvent(event);
    }, eventCharactersMax);
    const { connectTimeoutMs: timeoutMs } = this.#target.options;
    await this.#request(head, [], {
      type: "text/event-stream",
      timeoutMs,
      receive: (text) => {
        if (!parser.receive(text) || !isIntact) throw new Error("the answer broke off");
        const { heartbeatMs = timeoutMs } = this.#opening ?? {};
        return heartbeatMs && 2 * heartbeatMs + 5000;
      },
    });
    return shortPauseMs;
  }

  async #poll(): Promise<number> {
    const { connectTimeoutMs, pollingIntervalMs } = this.#target.options;
    await this.#findSlot();
    const poll = this.transport === "polling" ? 0 : (this.#opening?.pollTimeoutMs ?? 0);
    const count = await this.#exchange({ poll }, [], poll + connectTimeoutMs);
    return poll === 0 ? pollingIntervalMs : count === 0 ? shortPauseMs : 0;
  }

  async #send(): Promise<number> {
    if (this.#outbox.isEmpty && !this.#closing && !this.#owesAcknowledgement) {
      await new Promise<void>((resolve) => {
        this.#wakeSender = resolve;
      });
    }
    const { first: seq } = this.#outbox;
    const lines = await this.#outbox.nextLines();
    if (this.#over.signal.aborted) return 0;
    const close = seq + lines.length === this.#outbox.end ? this.#closing : undefined;
    const characters = lines.reduce((sum, line) => sum + line.length, 0);
    // A server whose handler is busy holds the answer back; and a slow line needs its time: 8 characters a millisecond.
    const { connectTimeoutMs } = this.#target.options;
    const timeoutMs = connectTimeoutMs + (this.#opening?.pollTimeoutMs ?? 0) + characters / 8;
    await this.#exchange({ seq, ...(close && { close }) }, lines, timeoutMs);
    if (close && this.#outbox.isEmpty) this.#endAsClosed(close);
    if (lines.length > 0 && this.#outbox.first === seq) throw new Error("the server took nothing");
    return 0;
  }

  get #owesAcknowledgement(): boolean {
    return this.#kind === "sse" && this.#unacknowledgedBytes >= (this.#opening?.ackBytes ?? Infinity);
  }

  #encodeHead(head: RequestHead): string {
    const session = this.#opening?.session;
    this.#unacknowledgedBytes = 0;
    return JSON.stringify(session === undefined ? head : { session, ack: this.#received, ...head });
  }

  async #request(
    head: RequestHead,
    lines: readonly string[],
    expectation: Omit<Expectation, "signal">,
  ): Promise<void> {
    const { url, openingUrl, options } = this.#target;
    const body = [this.#encodeHead(head), ...lines].join("\n");
    await sendRequest(options, this.#opening ? url : openingUrl, body, {
      ...expectation,
      signal: this.#over.signal,
      receive: (text) => {
        this.#lastSuccess = Date.now();
        return expectation.receive(text);
      },
    });
  }

  /** Sends a request and takes its answer, line by line; returns how many records were in it. */
  async #exchange(given: RequestHead, lines: readonly string[], timeoutMs: number): Promise<number> {
    let head: AnswerHead | undefined;
    let line = "";
    let count = 0;
    const receive = (text: string): number => {
      const pieces = (line + text).split("\n");
      line = pieces.pop() ?? "";
      for (const piece of pieces) {
        const value: unknown = JSON.parse(piece);
        if (head) this.#receiveRecord((head.seq ?? 0) + count++, value as ParsedRecord);
        else this.#receiveHead((head = value as AnswerHead));
      }
      return timeoutMs;
    };
    await this.#request(given, lines, { type: "application/x-ndjson", timeoutMs, receive });
    if (head?.close) this.#receiveClose(head.close);
    return count;
  }

  /** Takes an event of a stream; returns false behind a gap. */
  #receiveEvent({ type, data, id }: StreamEvent): boolean {
    if (type === "message") return this.#receiveRecord(Number(id), data);
    const content: unknown = JSON.parse(data);
    if (type === "record") return this.#receiveRecord(Number(id), content as ParsedRecord);
    if (type === "close") this.#receiveClose(content as CloseRecord);
    else this.#receiveHead(content as AnswerHead);
    return true;
  }

  #receiveHead(head: AnswerHead): void {
    this.#outbox.acknowledge(head.ack);
    if (this.#opening) return;
    this.#opening = head;
    if (!this.#events) {
      this.abandon();
      return;
    }
    this.#events.receiveOpen(head.subprotocol ?? "", "");
    void this.#repeat(() => this.#send());
  }

  /** Takes a record that is the next one, and drops one that came before. Returns false for one behind a gap. */
  #receiveRecord(number: number, record: ParsedRecord): boolean {
    if (number !== this.#received + 1 || this.#over.signal.aborted) return number <= this.#received;
    this.#received = number;
    let message: IncomingMessage | undefined;
    if (typeof record === "string") message = record;
    else if (record.binary !== undefined) message = decodeBinary(record.binary);
    else if (record.ping !== undefined) this.#outbox.add(JSON.stringify({ pong: record.ping }), 0);
    this.#unacknowledgedBytes += recordOverheadBytes + byteLengthOf(message ?? "");
    if (this.#owesAcknowledgement || !this.#outbox.isEmpty) this.#wakeSender();
    if (message !== undefined) this.#events?.receiveMessage(message);
    return true;
  }

  /** The server has closed. Unless it answers our own goodbye, this is confirmed, so that it can forget the session. */
  #receiveClose(close: CloseRecord): void {
    const events = this.#events;
    if (!this.#closing) this.abandon();
    this.#events = events;
    this.#endAsClosed(close);
  }

  #endAsClosed({ code = 1005, reason = "" }: CloseRecord): void {
    this.#end({ code, reason, wasClean: code !== 1006 });
  }

  #end(ending: Ending): void {
    const events = this.#events;
    this.#events = undefined;
    this.#stop();
    events?.receiveEnd(ending);
  }

  #stop(): void {
    this.#over.abort();
    this.#slot?.release();
    this.#wakeSender();
  }

  async #findSlot(): Promise<void> {
    if (this.#kind === "polling" || this.#slot) return;
    const slot = await acquireSlot(this.#target.url);
    if (this.#over.signal.aborted) slot?.release();
    else this.#slot = slot;
  }
}
