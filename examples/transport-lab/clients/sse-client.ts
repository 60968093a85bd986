import { StringDecoder } from "node:string_decoder";
import type { ClientEvents, ClientOptions, SimulatedClient } from "./client.ts";
import type { StreamEvent } from "./event-stream-reader.ts";
import { EventStreamReader } from "./event-stream-reader.ts";
import { sayGoodbye } from "./goodbye.ts";
import { HttpConnection } from "./http-connection.ts";
import { Session } from "./session.ts";

/** A client that reads a stream, and acknowledges it by requests beside it. */
export class SseClient implements SimulatedClient {
  readonly #events: ClientEvents;
  readonly #options: ClientOptions;
  readonly #stream: HttpConnection;
  readonly #beside: HttpConnection;
  readonly #session: Session;
  #isClosed = false;

  constructor(options: ClientOptions, events: ClientEvents) {
    this.#events = events;
    this.#options = options;
    this.#stream = new HttpConnection(options.origin, "text/event-stream");
    this.#beside = new HttpConnection(options.origin, "*/*");
    this.#session = new Session("sse", (message) => events.receiveMessage(message));
    this.#openStream();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#session.isOpen && !this.#session.isOver) sayGoodbye(this.#options.origin, this.#session);
    this.#destroy();
  }

  #openStream(): void {
    let status = 0;
    const decoder = new StringDecoder("utf8");
    const reader = new EventStreamReader((event) => this.#receiveEvent(event));
    this.#stream.post(this.#session.head(), {
      receiveHead: (received) => (status = received),
      receiveBody: (bytes) => {
        if (status === 200) reader.receive(decoder.write(bytes));
      },
      // The server ends a stream after a while: the next one goes on.
      receiveEnd: () => {
        if (status === 200 && this.#session.isOpen && !this.#session.isOver) this.#openStream();
        else this.#fail();
      },
      receiveLoss: () => this.#fail(),
    });
  }

  #receiveEvent({ type, id, data }: StreamEvent): void {
    // Events that came with the one at which the client was closed.
    if (this.#isClosed) return;
    switch (type) {
      case "session": {
        const wasOpen = this.#session.isOpen;
        this.#session.receiveHead(data);
        if (!wasOpen) this.#events.receiveOpen();
        break;
      }
      case "close":
        this.#session.isOver = true;
        this.#fail();
        break;
      case "record":
        this.#session.receiveRecord(Number(id), JSON.parse(data));
        // The server's ping: any request is an answer.
        this.#acknowledge();
        break;
      default:
        this.#session.receiveRecord(Number(id), data);
        if (this.#session.owesAcknowledgement) this.#acknowledge();
    }
  }

  #acknowledge(): void {
    if (this.#beside.isBusy) return;
    const ignore = (): void => {};
    // Where it gets lost, the next acknowledgement covers it.
    this.#beside.post(this.#session.head(), {
      receiveHead: ignore,
      receiveBody: ignore,
      receiveEnd: ignore,
      receiveLoss: ignore,
    });
  }

  #destroy(): void {
    this.#stream.destroy();
    this.#beside.destroy();
  }

  #fail(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#destroy();
    this.#events.receiveFailure();
  }
}
