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

/** Reads a stream. Feed it with `receive` until that returns false. */
export class EventStreamParser {
  readonly #receiveEvent: (event: StreamEvent) => void;
  readonly #charactersMax: number;
  #hasBegun = false;
  /** The last piece ended with CR: a line feed in front of the next belongs to it. */
  #isBehindReturn = false;
  #isTooLong = false;
  #line = "";
  #type = "";
  /** With a line feed behind every line, as in the grammar. */
  #data = "";
  #id = "";

  /**
   * @param receiveEvent is called for every event, during `receive`.
   * @param charactersMax how many characters (UTF-16 code units) an event may have, its unfinished line included.
   */
  constructor(receiveEvent: (event: StreamEvent) => void, charactersMax: number) {
    this.#receiveEvent = receiveEvent;
    this.#charactersMax = charactersMax;
  }

  /** Takes the next piece of decoded text. Returns false when an event is too long; nothing is read from then on. */
  receive(text: string): boolean {
    if (this.#isTooLong) return false;
    if (text === "") return true;
    // One byte order mark at the beginning is no part of the stream.
    const skipped = this.#hasBegun ? this.#isBehindReturn && text[0] === "\n" : text[0] === "\uFEFF";
    let start = skipped ? 1 : 0;
    this.#hasBegun = true;
    this.#isBehindReturn = text.endsWith("\r");
    for (const { index, 0: end } of text.slice(start).matchAll(/\r\n?|\n/g)) {
      const from = start;
      const to = index + (skipped ? 1 : 0);
      start = to + end.length;
      this.#addToLine(text.slice(from, to));
      if (this.#isTooLong) return false;
      this.#receiveLine(this.#line);
      this.#line = "";
    }
    this.#addToLine(text.slice(start));
    return !this.#isTooLong;
  }

  #addToLine(text: string): void {
    this.#line += text;
    this.#isTooLong = this.#line.length + this.#data.length > this.#charactersMax;
  }

  #receiveLine(line: string): void {
    if (line === "") {
      this.#endEvent();
      return;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data += `${value}\n`;
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #endEvent(): void {
    const type = this.#type === "" ? "message" : this.#type;
    const data = this.#data;
    this.#type = "";
    this.#data = "";
    if (data !== "") this.#receiveEvent({ type, data: data.slice(0, -1), id: this.#id });
  }
}
