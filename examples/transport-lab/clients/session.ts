import { randomBytes } from "node:crypto";

/** The head of an answer, as far as these clients need it; see docs/session-protocol.md. */
interface AnswerHead {
  readonly session?: string;
  readonly seq?: number;
  readonly close?: unknown;
  readonly pollTimeoutMs?: number;
  readonly ackBytes?: number;
}

/** What a client of the session protocol knows about its session. */
export class Session {
  readonly #transport: "sse" | "long-polling" | "polling";
  readonly #receiveMessage: (message: string) => void;
  #token: string | undefined;
  #received = 0;
  #unacknowledgedBytes = 0;
  pollTimeoutMs = 0;
  /** A client of a stream acknowledges when so many bytes have come. */
  ackBytes: number = Number.POSITIVE_INFINITY;
  /** The server has said that it is over. */
  isOver = false;

  constructor(transport: "sse" | "long-polling" | "polling", receiveMessage: (message: string) => void) {
    this.#transport = transport;
    this.#receiveMessage = receiveMessage;
  }

  get isOpen(): boolean {
    return this.#token !== undefined;
  }

  get owesAcknowledgement(): boolean {
    return this.#unacknowledgedBytes >= this.ackBytes;
  }

  /** The body of a request: the opening as long as no session is open. */
  head(more: Readonly<Record<string, unknown>> = {}): string {
    this.#unacknowledgedBytes = 0;
    const which =
      this.#token === undefined
        ? { transport: this.#transport, key: randomBytes(18).toString("base64url") }
        : { session: this.#token, ack: this.#received };
    return JSON.stringify({ ...which, ...more });
  }

  /** Takes the head of an answer. */
  receiveHead(text: string): AnswerHead {
    const head = JSON.parse(text) as AnswerHead;
    if (head.session !== undefined) this.#token = head.session;
    if (head.pollTimeoutMs !== undefined) this.pollTimeoutMs = head.pollTimeoutMs;
    if (head.ackBytes !== undefined) this.ackBytes = head.ackBytes;
    if (head.close !== undefined) this.isOver = true;
    return head;
  }

  /** Takes the answer to a poll: a head, and a record in each line behind it. */
  receiveAnswer(text: string): void {
    const [head = "", ...records] = text.split("\n");
    const { seq = 0 } = this.receiveHead(head);
    for (const [index, record] of records.entries()) {
      if (record !== "") this.receiveRecord(seq + index, JSON.parse(record));
    }
  }

  /** Takes a record: a text is a message, and these servers send no other that matters. */
  receiveRecord(number: number, record: unknown): void {
    if (number !== this.#received + 1) return;
    this.#received = number;
    if (typeof record !== "string") return;
    // As the server counts them.
    this.#unacknowledgedBytes += Buffer.byteLength(record) + 64;
    this.#receiveMessage(record);
  }
}
