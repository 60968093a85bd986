import type { CloseEvent } from "./events.ts";
import { helloSubprotocol } from "../protocol/session/head.ts";
import type { Link, LinkEvents, LinkTarget, OutgoingMessage } from "./link.ts";
import { lost } from "./link.ts";

/** As much of a WebSocket as a link needs. */
export interface WebSocketLike {
  binaryType: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly bufferedAmount: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  send(data: never): void;
  close(code?: number, reason?: string): void;
}

/** A link by the WebSocket of the place. */
export class WebSocketLink implements Link {
  readonly transport = "websocket";
  #socket: WebSocketLike | undefined;

  constructor({ openingUrl, options }: LinkTarget, events: LinkEvents) {
    const { WebSocket, transports, protocols } = options;
    // Where there is nothing to fall back to, an open WebSocket is good enough, and any server will do. Otherwise
    // it has to show that anything comes through (docs/session-protocol.md).
    let awaitsHello = transports.length > 1;
    const url = openingUrl.href.replace("http", "ws");
    let socket: WebSocketLike;
    try {
      socket = new WebSocket!(url, awaitsHello ? [...protocols, helloSubprotocol] : [...protocols]);
    } catch (error) {
      // A page from https: may not open ws:, and a policy may forbid it altogether.
      queueMicrotask(() => events.receiveEnd(lost(`no WebSocket: ${(error as Error).message}`)));
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const open = (): void => {
      awaitsHello = false;
      events.receiveOpen(socket.protocol === helloSubprotocol ? "" : socket.protocol, socket.extensions);
    };
    socket.addEventListener("open", () => {
      if (!awaitsHello) open();
    });
    socket.addEventListener("message", (event) => {
      const { data } = event as MessageEvent as { readonly data: string | ArrayBuffer };
      if (awaitsHello) {
        open();
        if (data === "") return;
      }
      if (this.#socket) events.receiveMessage(typeof data === "string" ? data : new Uint8Array(data));
    });
    socket.addEventListener("close", (event) => {
      const { code, reason, wasClean } = event as CloseEvent;
      if (this.#socket) events.receiveEnd({ code, reason, wasClean });
    });
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(message: OutgoingMessage): void {
    this.#socket?.send(message as never);
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
