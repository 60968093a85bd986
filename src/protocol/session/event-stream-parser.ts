/**
 * `text/event-stream` by the grammar of the HTML Standard (§9.2.6), fed in pieces of any size.
 *
 * Lines end with CR, LF or CRLF; a line that begins with a colon is a comment; an empty line ends an event, and an event
 * without `data` is none. The field `retry` is left out: when to come back is decided by whoever reads.
 */

/** One event of a stream. */
export interface StreamEvent {
  /** The field `event`, `message` where there was none. */
  readonly type: string;
  /** The lines of `data`, with line feeds between them. */
  readonly data: string;
  /** The last `id` that came, in this event or an earlier one; empty before the first. */
  readonly id: string;
}

/** Reads a stream, piece by piece. */
export class EventStreamParser {
  readonly #receiveEvent: (event: StreamEvent) => void;
  readonly #charactersMax: number;
  /** What is no part of the stream when the next piece begins with it: a byte order mark, or the second half of CRLF. */
  #skipped = "\uFEFF";
  #line = "";
  #type = "";
  /** With a line feed behind every line, as in the grammar. */
  #data = "";
  #id = "";

  /**
   * @param receiveEvent is called for every event, during `receive`.
   * @param charactersMax how many characters (UTF-16 code units) of an unfinished event may be kept for the next piece.
   */
  constructor(receiveEvent: (event: StreamEvent) => void, charactersMax: number) {
    this.#receiveEvent = receiveEvent;
    this.#charactersMax = charactersMax;
  }

  /** Takes the next piece of decoded text. Returns false when an event is too long: then it is time to stop. */
  receive(text: string): boolean {
    if (text === "") return true;
    const lines = (text[0] === this.#skipped ? text.slice(1) : text).split(/\r\n?|\n/);
    this.#skipped = text.endsWith("\r") ? "\n" : "";
    for (const [index, piece] of lines.entries()) {
      this.#line += piece;
      if (index === lines.length - 1) break;
      const line = this.#line;
      this.#line = "";
      this.#receiveLine(line);
    }
    return this.#line.length + this.#data.length <= this.#charactersMax;
  }

  #receiveLine(line: string): void {
    // One space behind the colon belongs to it.
    const [field, value = ""] = line.split(/: ?([^]*)/);
    if (line === "") this.#endEvent();
    else if (field === "data") this.#data += `${value}\n`;
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #endEvent(): void {
    const event = { type: this.#type || "message", data: this.#data.slice(0, -1), id: this.#id };
    const hasData = this.#data !== "";
    this.#type = "";
    this.#data = "";
    if (hasData) this.#receiveEvent(event);
  }
}
