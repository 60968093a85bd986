/** Our WebSocket stands wherever the DOM's type is asked for. Compiled with lib.dom; never run. */
import type { CloseEvent as OurCloseEvent } from "waterspout";
import { connect, WebSocket as OurWebSocket } from "waterspout";

/** A library of the browser's world: it takes a class, or a socket. */
declare function useClass(implementation: typeof WebSocket): void;
declare function useSocket(socket: WebSocket): void;

/** How libraries that need no DOM write down what they want of the class. */
interface MinimalWebSocket {
  readonly readyState: number;
  onopen: ((event: Event) => unknown) | null;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onclose: ((event: CloseEvent) => unknown) | null;
  onerror: ((event: Event) => unknown) | null;
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void;
  close(code?: number, reason?: string): void;
}
declare function useMinimal(
  implementation: new (url: string | URL, protocols?: string | string[]) => MinimalWebSocket,
): void;

useClass(OurWebSocket);
useMinimal(OurWebSocket);
useSocket(new OurWebSocket("ws://example.com/", ["v1"]));
useSocket(await connect("ws://example.com/"));

const close = (event: OurCloseEvent): number => event.code;
declare const browserSocket: WebSocket;
browserSocket.addEventListener("close", close);

const socket = new OurWebSocket("ws://example.com/");
socket.onclose = close;
socket.addEventListener("message", (event) => event.data as unknown);
socket.addEventListener("close", (event) => event.wasClean satisfies boolean);
socket.addEventListener("error", (event) => event.error satisfies unknown);

// @ts-expect-error the constants cannot be set
OurWebSocket.OPEN = 1;
// @ts-expect-error nor can the state
socket.readyState = 1;
