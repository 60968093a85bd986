/** One server-sent event. */
export interface StreamEvent {
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** Cuts a stream of server-sent events into events. */
export class EventStreamReader {
  readonly #receiveEvent: (event: StreamEvent) => void;
  #waiting = "";

  constructor(receiveEvent: (event: StreamEvent) => void) {
    this.#receiveEvent = receiveEvent;
  }

  receive(text: string): void {
    this.#waiting += text;
    for (;;) {
      const end = this.#waiting.indexOf("\n\n");
      if (end < 0) return;
      const block = this.#waiting.slice(0, end);
      this.#waiting = this.#waiting.slice(end + 2);
      this.#receiveBlock(block);
    }
  }

  #receiveBlock(block: string): void {
    let type = "message";
    let id = "";
    const data: string[] = [];
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      const value = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
      const name = line.slice(0, colon);
      if (name === "data") data.push(value);
      else if (name === "id") id = value;
      else if (name === "event") type = value;
    }
    // A block of comments is no event.
    if (data.length > 0) this.#receiveEvent({ type, id, data: data.join("\n") });
  }
}
