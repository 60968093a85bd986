import type { Link, LinkEvents, LinkTarget, OutgoingData } from "./link.ts";
import { lost, openingUrl } from "./link.ts";

/** Offered to learn whether anything comes through a WebSocket that opened (docs/session-protocol.md). */
const hello = "waterspout.hello";

/** As much of a WebSocket as a link needs. */
export interface WebSocketLike {
  binaryType: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly bufferedAmount: number;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  send(data: never): void;
  close(code?: number, reason?: string): void;
}

/** A link by the WebSocket of the place. */
export class WebSocketLink implements Link {
  readonly transport = "websocket";
  #socket: WebSocketLike | undefined;

  constructor(target: LinkTarget, events: LinkEvents) {
    const { WebSocket, transports } = target.options;
    // Where there is nothing to fall back to, an open WebSocket is good enough, and any server will do.
    let awaitsHello = transports.length > 1;
    const protocols = awaitsHello ? [...target.protocols, hello] : [...target.protocols];
    let socket: WebSocketLike;
    try {
      const Implementation = WebSocket as new (url: string, protocols: string[]) => WebSocketLike;
      socket = new Implementation(openingUrl(target).href.replace(/^http/, "ws"), protocols);
    } catch (error) {
      // A page from https: may not open ws:, and a policy may forbid it altogether.
      queueMicrotask(() =>
        events.receiveEnd(lost(`the WebSocket was not allowed: ${(error as Error).message}`)),
      );
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const open = (): void => {
      awaitsHello = false;
      events.receiveOpen(socket.protocol === hello ? "" : socket.protocol, socket.extensions);
    };
    socket.onopen = () => {
      if (!awaitsHello) open();
    };
    socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
      if (awaitsHello) {
        open();
        if (data === "") return;
      }
      if (this.#socket) events.receiveMessage(typeof data === "string" ? data : new Uint8Array(data));
    };
    socket.onclose = ({ code, reason, wasClean }: { code: number; reason: string; wasClean: boolean }) => {
      // In debug mode a server says by the close code what the status of its refusal would have been.
      const status = code >= 4400 && code < 4600 ? { status: code - 4000 } : {};
      if (this.#socket) events.receiveEnd({ code, reason, wasClean, ...status });
      this.#socket = undefined;
    };
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(data: OutgoingData): void {
    this.#socket?.send(data as never);
  }

  close(code: number | undefined, reason: string): void {
    if (code === undefined) this.#socket?.close();
    else this.#socket?.close(code, reason);
  }

  abandon(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}
