import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

/** What a client has seen and done. */
export interface PollReport {
  messages: number;
  polls: number;
  /** Records that came again, and were dropped. */
  repeats: number;
  /** Requests that were cut, or found their connection closed. */
  cuts: number;
  sent: number;
  /** The longest that an answer took, in milliseconds; a poll may be held for 25 000. */
  longestMs: number;
  failure: string | undefined;
}

/** A number from 0 to 1. */
export type Random = () => number;

/** Reproducible numbers (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Head {
  readonly session?: string;
  readonly ack: number;
  readonly seq?: number;
  readonly close?: unknown;
}

/**
 * A lean client of a long-polling session (docs/session-protocol.md), which now and then cuts a request, repeats one, or comes back
 * on another connection. Its server sends it "1", "2", … and at last "end"; it sends "1", "2", … in turn.
 */
export class PollClient {
  readonly report: PollReport = {
    messages: 0,
    polls: 0,
    repeats: 0,
    cuts: 0,
    sent: 0,
    longestMs: 0,
    failure: undefined,
  };
  readonly #port: number;
  readonly #random: Random;
  #agent = new Agent({ keepAlive: true });
  #token = "";
  #received = 0;
  #isEnded = false;

  constructor(port: number, random: Random) {
    this.#port = port;
    this.#random = random;
  }

  /** Opens a session, and polls until the end is told. */
  async run(): Promise<void> {
    try {
      const opening = JSON.stringify({ transport: "long-polling", key: randomUUID() });
      while (this.#token === "") this.#token = (await this.#ask(opening))?.session ?? "";
      while (!this.#isEnded) await this.#poll();
      // Closing is not repeated: who has been forgotten is unknown.
      await this.#post(this.#body({ close: { code: 1000 } })).answered;
    } catch (error) {
      this.report.failure ??= String(error);
    }
    this.#agent.destroy();
  }

  async #poll(): Promise<void> {
    const chance = this.#random();
    this.report.polls++;
    const body = this.#body({ poll: 25_000 });
    if (chance < 0.02) {
      await Promise.all([this.#ask(body), this.#ask(body)]);
    } else if (chance < 0.04) {
      await this.#ask(body, this.#random() * 50);
    } else if (chance < 0.05) {
      this.#agent.destroy();
      this.#agent = new Agent({ keepAlive: true });
      await this.#ask(body);
    } else if (chance < 0.15) {
      await Promise.all([this.#ask(body), this.#send()]);
    } else {
      await this.#ask(body);
    }
  }

  /** Sends its next message, until the server has taken it. */
  async #send(): Promise<void> {
    const seq = ++this.report.sent;
    const body = `${this.#body({ seq })}\n"${seq}"`;
    if (this.#random() < 0.2) await this.#ask(body, this.#random() * 5);
    for (let ack = 0; ack < seq && this.report.failure === undefined;)
      ack = (await this.#ask(body))?.ack ?? 0;
  }

  #body(head: object): string {
    return JSON.stringify({ session: this.#token, ack: this.#received, ...head });
  }

  /** Takes what an answer brings; undefined where none came. */
  async #ask(body: string, cutAfterMs?: number): Promise<Head | undefined> {
    const { answered, cut } = this.#post(body);
    const timer = cutAfterMs === undefined ? undefined : setTimeout(cut, cutAfterMs);
    const begin = performance.now();
    try {
      const answer = await answered;
      this.report.longestMs = Math.max(this.report.longestMs, performance.now() - begin);
      return this.#take(answer);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      this.report.cuts++;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(answer: string): Head {
    const [first = "", ...records] = answer.trimEnd().split("\n");
    const head = JSON.parse(first) as Head;
    for (const [index, record] of records.entries()) {
      const number = (head.seq ?? Number.NaN) + index;
      if (number <= this.#received) {
        this.report.repeats++;
        continue;
      }
      const isNext = number === this.#received + 1 && (record === `"${number}"` || record === '"end"');
      if (!isNext) throw new Error(`${record} came as number ${number}, behind ${this.#received}`);
      this.#received = number;
      if (record === '"end"') this.#isEnded = true;
      else this.report.messages++;
    }
    if (head.close !== undefined && !this.#isEnded) throw new Error(`closed by the server: ${first}`);
    return head;
  }

  #post(body: string): { readonly answered: Promise<string>; readonly cut: () => void } {
    const sent = request({
      port: this.#port,
      host: "127.0.0.1",
      method: "POST",
      path: "/ws",
      agent: this.#agent,
      headers: { "Content-Type": "text/plain", "Content-Length": Buffer.byteLength(body) },
    });
    const answered = new Promise<string>((resolve, reject) => {
      sent.on("error", reject);
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${response.statusCode} ${text}`));
        });
      });
    });
    sent.end(body);
    return { answered, cut: () => sent.destroy() };
  }
}
