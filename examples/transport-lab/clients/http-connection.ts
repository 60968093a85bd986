import type { Socket } from "node:net";
import { connect } from "node:net";
import { ticksPath } from "../transports.ts";
import { postHead } from "./browser-fields.ts";
import { HttpResponseReader } from "./http-response-reader.ts";

/** Takes the response to a POST. */
export interface PostEvents {
  receiveHead(status: number): void;
  receiveBody(bytes: Buffer): void;
  receiveEnd(): void;
  /** There will be no response, or no more of it. */
  receiveLoss(): void;
}

/** A connection for one POST at a time, opened when it is needed and kept open for the next. */
export class HttpConnection {
  readonly #origin: URL;
  readonly #head: string;
  #socket: Socket | undefined;
  #current: PostEvents | undefined;

  constructor(origin: string, accept: string) {
    this.#origin = new URL(origin);
    this.#head = postHead(origin, ticksPath, accept);
  }

  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  /** Sends a body, which has to be ASCII. */
  post(body: string, events: PostEvents): void {
    this.#current = events;
    this.#socket ??= this.#open();
    this.#socket.write(`${this.#head}${body.length}\r\n\r\n${body}`, "latin1");
  }

  /** Closes the connection; there are no events any more. */
  destroy(): void {
    this.#current = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect({ host: this.#origin.hostname, port: Number(this.#origin.port), noDelay: true });
    const reader = new HttpResponseReader({
      receiveHead: (status) => this.#current?.receiveHead(status),
      receiveBody: (bytes) => this.#current?.receiveBody(bytes),
      receiveEnd: () => {
        const ended = this.#current;
        this.#current = undefined;
        ended?.receiveEnd();
      },
    });
    socket.on("data", (bytes) => reader.receive(bytes));
    // The reason does not matter: "close" comes behind it.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      const lost = this.#current;
      this.#current = undefined;
      lost?.receiveLoss();
    });
    return socket;
  }
}
