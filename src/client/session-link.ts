import type { StreamEvent } from "../protocol/session/event-stream-parser.ts";
import { EventStreamParser } from "../protocol/session/event-stream-parser.ts";
import { environment } from "./environment.ts";
import type { Ending, Link, LinkEvents, LinkTarget, OutgoingData, TransportName } from "./link.ts";
import { byteLengthOf, lost, openingUrl } from "./link.ts";
import type { SessionRecord } from "./records.ts";
import { decodeBinary, encodeRecord } from "./records.ts";
import { SessionOutbox } from "./session-outbox.ts";
import type { RequestHead } from "./session-request.ts";
import { Refused, sendRequest } from "./session-request.ts";
import type { Slot } from "./stream-slots.ts";
import { acquireSlot } from "./stream-slots.ts";
import { jitteredDelay, sleep } from "./timing.ts";

/** An event of a stream holds one message; this is far more than a server's default allows. */
const eventCharactersMax = 2 ** 25;

interface Closing {
  readonly code?: number;
  readonly reason?: string;
}

/** The head of an answer, or of the event `session` (docs/session-protocol.md). */
interface AnswerHead {
  readonly ack?: number;
  readonly seq?: number;
  readonly close?: Closing;
  readonly session?: string;
  readonly subprotocol?: string;
  readonly sessionTimeoutMs?: number;
  readonly pollTimeoutMs?: number;
  readonly heartbeatMs?: number;
  readonly ackBytes?: number;
}

/**
 * A link by a session over `fetch`.
 *
 * Two loops run side by side. One receives: it reads a stream, or polls. The other sends what is in the outbox, one request
 * at a time. A request that fails is no end: both loops come back with the number of the last record received and with what the server has not
 * acknowledged, until nothing has succeeded for as long as the server keeps a session.
 */
export class SessionLink implements Link {
  readonly #transport: TransportName;
  readonly #target: LinkTarget;
  readonly #events: LinkEvents;
  readonly #outbox = new SessionOutbox();
  readonly #over = new AbortController();
  #slot: Slot | undefined;
  /** The server's token for this session, and its settings. */
  #session = "";
  #agreed: Required<Pick<AnswerHead, "sessionTimeoutMs" | "pollTimeoutMs" | "heartbeatMs" | "ackBytes">> = {
    sessionTimeoutMs: 30_000,
    pollTimeoutMs: 25_000,
    heartbeatMs: 15_000,
    ackBytes: 65_536,
  };
  /** The number of the last record received, and the bytes that came since the last acknowledgement. */
  #received = 0;
  #unacknowledgedBytes = 0;
  #lastSuccess = Date.now();
  #closing: Closing | undefined;
  #isAbandoned = false;
  #wakeSender = (): void => {};

  constructor(transport: TransportName, target: LinkTarget, events: LinkEvents) {
    this.#transport = transport;
    this.#target = target;
    this.#events = events;
    void this.#run();
  }

  /** `polling` also for a long polling that found no slot yet. */
  get transport(): TransportName {
    return this.#transport === "long-polling" && this.#slot === undefined ? "polling" : this.#transport;
  }

  get bufferedAmount(): number {
    return this.#outbox.bytes;
  }

  send(data: OutgoingData): void {
    this.#outbox.add(encodeRecord(data), byteLengthOf(data));
    this.#wakeSender();
  }

  close(code: number | undefined, reason: string): void {
    this.#closing = code === undefined ? {} : { code, reason };
    this.#wakeSender();
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#stop();
    if (this.#session === "") return;
    const { url, options } = this.#target;
    const body = JSON.stringify({ session: this.#session, ack: this.#received, close: {} });
    const isSent = options.credentials === "include" && environment.navigator?.sendBeacon?.(url.href, body);
    if (isSent !== true) {
      const { credentials } = options;
      options.fetch(url, { method: "POST", body, credentials, keepalive: true }).catch(() => {});
    }
  }

  async #run(): Promise<void> {
    const transport = this.#transport;
    const { transports, protocols, connectTimeoutMs } = this.#target.options;
    const mayPoll = transports.some((each) => each.endsWith("polling"));
    if (transport !== "polling") this.#slot = await acquireSlot(this.#target.url, this.#over.signal);
    if (this.#over.signal.aborted) return;
    if (transport === "sse" && this.#slot === undefined && mayPoll) {
      this.#end(lost("other tabs hold as many connections as a browser should"));
      return;
    }
    const key = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => (byte % 36).toString(36));
    const subprotocols = this.#target.protocols;
    const opening = { transport, key: key.join(""), ...(protocols.length > 0 && { subprotocols }) };
    try {
      if (transport === "sse") await this.#readStream(opening);
      else this.#receiveAnswer(await this.#request({ ...opening, poll: 0 }, [], connectTimeoutMs));
    } catch (error) {
      if (this.#session === "") {
        this.#end(error instanceof Refused ? error.ending : lost(`no session: ${(error as Error).message}`));
        return;
      }
    }
    await this.#repeat(() => (transport === "sse" ? this.#readStream({}) : this.#poll()));
  }

  /** Does it again and again until the link is over; after a failure a little later. */
  async #repeat(step: () => Promise<void>): Promise<void> {
    const { signal } = this.#over;
    for (let failures = 0; !signal.aborted;) {
      try {
        await step();
        failures = 0;
      } catch (error) {
        const ending = error instanceof Refused ? error.ending : undefined;
        const isForGood =
          ending?.status !== undefined && ending.status < 500 && ![408, 425, 429].includes(ending.status);
        if (ending?.status === 404) this.#end(lost(ending.reason));
        else if (isForGood) this.#end(ending);
        else if (Date.now() - this.#lastSuccess > this.#agreed.sessionTimeoutMs) {
          this.#end(lost(`the session was lost: ${(error as Error).message}`));
        } else {
          const delay = 50 + jitteredDelay(failures++, 100, 3000);
          await sleep(Math.max(delay, ending?.retryAfterMs ?? 0), signal);
        }
      }
    }
  }

  async #readStream(head: RequestHead): Promise<void> {
    let isIntact = true;
    const parser = new EventStreamParser((event) => {
      isIntact &&= this.#receiveEvent(event);
    }, eventCharactersMax);
    const { heartbeatMs } = this.#agreed;
    await this.#request(head, [], this.#target.options.connectTimeoutMs, 2 * heartbeatMs + 5000, (text) => {
      if (!parser.receive(text) || !isIntact) throw new Error("the stream is broken");
    });
  }

  async #poll(): Promise<void> {
    const { options } = this.#target;
    if (this.#transport === "long-polling") {
      this.#slot ??= await acquireSlot(this.#target.url, this.#over.signal);
    }
    const poll = this.transport === "polling" ? 0 : this.#agreed.pollTimeoutMs;
    const begun = Date.now();
    const count = this.#receiveAnswer(await this.#request({ poll }, [], poll + options.connectTimeoutMs));
    // A server that does not hold a request is not asked in a tight circle.
    const isHurried = count === 0 && Date.now() - begun < Math.min(poll / 2, 1000);
    if (poll === 0 || isHurried) await sleep(options.pollingIntervalMs, this.#over.signal);
  }

  async #send(): Promise<void> {
    if (this.#outbox.isEmpty && this.#closing === undefined && !this.#owesAcknowledgement) {
      await new Promise<void>((resolve) => {
        this.#wakeSender = resolve;
      });
    }
    const { seq, lines, isAll } = await this.#outbox.nextBatch();
    if (this.#over.signal.aborted) return;
    const close = isAll ? this.#closing : undefined;
    const acknowledged = this.#unacknowledgedBytes;
    const head = { ...(lines.length > 0 && { seq }), ...(close && { close }) };
    const characters = lines.reduce((sum, { length }) => sum + length, 0);
    // A slow line may need its time: 8 characters a millisecond.
    const timeoutMs = this.#target.options.connectTimeoutMs + characters / 8;
    const answer = await this.#request(head, lines, timeoutMs);
    this.#unacknowledgedBytes -= acknowledged;
    this.#receiveAnswer(answer);
    if (close) this.#end({ code: close.code ?? 1005, reason: close.reason ?? "", wasClean: true });
    else if (lines.length > 0 && (await this.#outbox.nextBatch()).seq === seq) {
      throw new Error("the server took nothing");
    }
  }

  get #owesAcknowledgement(): boolean {
    return this.#transport === "sse" && this.#unacknowledgedBytes >= this.#agreed.ackBytes;
  }

  async #request(
    given: RequestHead,
    lines: readonly string[],
    timeoutMs: number,
    idleMs: number = timeoutMs,
    receive?: (text: string) => void,
  ): Promise<string> {
    const isOpening = this.#session === "";
    const head = isOpening ? given : { session: this.#session, ack: this.#received, ...given };
    const url = isOpening ? openingUrl(this.#target) : this.#target.url;
    const body = [JSON.stringify(head), ...lines].join("\n");
    const answer = await sendRequest(this.#target.options, url, body, {
      signal: this.#over.signal,
      timeoutMs,
      idleMs,
      receive:
        receive &&
        ((text) => {
          this.#lastSuccess = Date.now();
          receive(text);
        }),
    });
    this.#lastSuccess = Date.now();
    return answer;
  }

  /** Takes an answer, and returns how many records were in it. */
  #receiveAnswer(text: string): number {
    const [first = "", ...lines] = text.split("\n").filter((line) => line !== "");
    const head = JSON.parse(first) as AnswerHead;
    this.#receiveHead(head);
    for (const [index, line] of lines.entries()) {
      this.#receiveRecord((head.seq ?? 0) + index, JSON.parse(line) as SessionRecord);
    }
    if (head.close) this.#receiveClose(head.close);
    return lines.length;
  }

  /** Takes an event of a stream; returns false behind a gap. */
  #receiveEvent({ type, data, id }: StreamEvent): boolean {
    const content: unknown = type === "message" ? data : JSON.parse(data);
    if (type === "session") this.#receiveHead(content as AnswerHead);
    else if (type === "close") this.#receiveClose(content as Closing);
    else if (type === "message" || type === "record") {
      return this.#receiveRecord(Number(id), content as SessionRecord);
    }
    return true;
  }

  #receiveHead(head: AnswerHead): void {
    this.#outbox.acknowledge(head.ack ?? 0);
    if (this.#session !== "" || head.session === undefined || this.#over.signal.aborted) return;
    this.#session = head.session;
    this.#agreed = { ...this.#agreed, ...head };
    this.#events.receiveOpen(head.subprotocol ?? "", "");
    void this.#repeat(() => this.#send());
  }

  /** Takes a record that is the next one, and drops one that came before. Returns false for one behind a gap. */
  #receiveRecord(number: number, record: SessionRecord): boolean {
    if (number > this.#received + 1) return false;
    if (number <= this.#received || this.#over.signal.aborted) return true;
    this.#received = number;
    let data: string | Uint8Array<ArrayBuffer> | undefined;
    if (typeof record === "string") data = record;
    else if (record.binary !== undefined) data = decodeBinary(record.binary);
    else if (record.ping !== undefined) this.#outbox.add(JSON.stringify({ pong: record.ping }), 0);
    this.#unacknowledgedBytes += 64 + (data === undefined ? 0 : byteLengthOf(data));
    if (this.#owesAcknowledgement || !this.#outbox.isEmpty) this.#wakeSender();
    if (data !== undefined) this.#events.receiveMessage(data);
    return true;
  }

  /** The server has closed: confirms it, so that it can forget the session. */
  #receiveClose({ code = 1005, reason = "" }: Closing): void {
    if (this.#over.signal.aborted) return;
    this.abandon();
    this.#isAbandoned = false;
    this.#end({ code, reason, wasClean: code !== 1006 });
  }

  #end(ending: Ending): void {
    this.#stop();
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#events.receiveEnd(ending);
  }

  #stop(): void {
    this.#over.abort();
    this.#slot?.release();
    this.#wakeSender();
  }
}
