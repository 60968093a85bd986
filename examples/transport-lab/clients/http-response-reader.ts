const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");
const nothing = Buffer.alloc(0);

/** Takes what a reader finds. */
export interface ResponseEvents {
  receiveHead(status: number): void;
  receiveBody(bytes: Buffer): void;
  /** The response is complete, and the connection free for another request. */
  receiveEnd(): void;
}

/** What the next bytes are. */
type State = "head" | "counted body" | "chunk size" | "chunk" | "trailer" | "everything";

/**
 * Reads the responses of one connection, as little as this server's need: a length, chunks, or 101, behind which everything is another
 * protocol's. `node:http` reads more, and would keep a thousand clients from fitting beside the server that they measure.
 */
export class HttpResponseReader {
  readonly #events: ResponseEvents;
  #state: State = "head";
  #waiting: Buffer = nothing;
  /** Bytes of the body or chunk that have not come. */
  #left = 0;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  /** Throws for what is no response. */
  receive(bytes: Buffer): void {
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    while (this.#waiting.length > 0 && this.#readNext()) {
      // Each turn reads one piece.
    }
  }

  /** False when more bytes are needed. */
  #readNext(): boolean {
    switch (this.#state) {
      case "head":
        return this.#readHead();
      case "counted body":
      case "chunk":
        return this.#readBody();
      case "chunk size":
        return this.#readChunkSize();
      case "trailer":
        return this.#readTrailer();
      case "everything":
        return this.#readEverything();
      default:
        return unknownState(this.#state);
    }
  }

  #readEverything(): boolean {
    this.#events.receiveBody(this.#take(this.#waiting.length));
    return false;
  }

  #readHead(): boolean {
    const end = this.#waiting.indexOf(headEnd);
    if (end < 0) return false;
    const head = this.#take(end + headEnd.length).toString("latin1");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    if (!(status > 0)) throw new Error("the server did not answer in HTTP/1.1");
    this.#left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const isChunked = /^transfer-encoding: *chunked/im.test(head);
    this.#state = status === 101 ? "everything" : isChunked ? "chunk size" : "counted body";
    this.#events.receiveHead(status);
    if (this.#state === "counted body" && this.#left === 0) this.#end();
    return true;
  }

  #readBody(): boolean {
    const bytes = this.#take(Math.min(this.#left, this.#waiting.length));
    this.#left -= bytes.length;
    this.#events.receiveBody(bytes);
    if (this.#left > 0) return false;
    if (this.#state === "chunk") this.#state = "trailer";
    else this.#end();
    return true;
  }

  #readChunkSize(): boolean {
    const line = this.#takeLine();
    if (line === undefined) return false;
    // Behind a chunk's size there may be extensions, which nobody uses.
    this.#left = Number.parseInt(line, 16);
    this.#isLast = this.#left === 0;
    this.#state = this.#isLast ? "trailer" : "chunk";
    return true;
  }

  /** The line behind a chunk is empty, and so is the one behind the last, since this server sends no trailer fields. */
  #readTrailer(): boolean {
    if (this.#takeLine() === undefined) return false;
    if (this.#isLast) this.#end();
    else this.#state = "chunk size";
    return true;
  }

  #isLast = false;

  #end(): void {
    this.#state = "head";
    this.#isLast = false;
    this.#events.receiveEnd();
  }

  #takeLine(): string | undefined {
    const end = this.#waiting.indexOf(lineEnd);
    if (end < 0) return undefined;
    return this.#take(end + lineEnd.length).toString("latin1", 0, end);
  }

  #take(length: number): Buffer {
    const taken = this.#waiting.subarray(0, length);
    this.#waiting = this.#waiting.subarray(length);
    return taken;
  }
}

/** There is none; the compiler knows, the linter asks. */
function unknownState(state: never): never {
  throw new Error(`there is no state ${String(state)}`);
}
