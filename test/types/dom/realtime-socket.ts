/** A RealtimeSocket stands wherever the DOM's WebSocket is asked for. Compiled with lib.dom; never run. */
import type { CloseEvent as OurCloseEvent } from "waterspout/client";
import { RealtimeSocket } from "waterspout/client";

declare function useClass(implementation: typeof WebSocket): void;
declare function useSocket(socket: WebSocket): void;

useClass(RealtimeSocket);
useSocket(new RealtimeSocket("/chat"));
useSocket(new RealtimeSocket(new URL("wss://example.com/"), ["v1"]));

const socket = new RealtimeSocket(() => Promise.resolve("/chat"), { WebSocket, fetch, transports: ["sse"] });
const close = (event: OurCloseEvent): number => event.code;
declare const browserSocket: WebSocket;
browserSocket.addEventListener("close", close);
socket.onclose = (event) => event.wasClean satisfies boolean;
socket.addEventListener("statechange", ({ state, reason }) => [state, reason.retryInMs ?? 0]);
for await (const data of socket) data satisfies string | ArrayBuffer | Blob;

// @ts-expect-error the constants cannot be set
RealtimeSocket.OPEN = 1;
// @ts-expect-error nor can the state
socket.readyState = 1;
// @ts-expect-error there is no such transport
useSocket(new RealtimeSocket("/chat", { transports: ["udp"] }));
// @ts-expect-error there is no such option
useSocket(new RealtimeSocket("/chat", { transport: "sse" }));
