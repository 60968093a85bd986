/** The client's types in a program that knows Node's alone. Compiled, never run. */
import type { WebSocket as UndiciWebSocket } from "undici";
import type { ConnectOptions, Message } from "waterspout";
import { CloseEvent, connect, HandshakeError, WebSocket } from "waterspout";

const socket = await connect("wss://example.com/", {
  protocols: ["v1"],
  headers: { Authorization: "Bearer x", "X-Many": ["1", "2"] },
  compression: { level: 1 },
  tls: { ca: "…" },
  proxy: { url: "http://proxy.example.com:3128", headers: new Headers() },
  signal: AbortSignal.timeout(1000),
});
for await (const message of socket) message satisfies string | Uint8Array satisfies Message;

socket.addEventListener("close", ({ code, reason, wasClean }) => {
  code satisfies number;
  reason satisfies string;
  wasClean satisfies boolean;
});
socket.addEventListener("error", ({ error }) => {
  if (error instanceof HandshakeError) error.status satisfies number | undefined;
});
socket.onclose = (event) => event.code;
socket.dispatchEvent(new CloseEvent("close", { code: 1000 }));
(await socket.closed).wasClean satisfies boolean;
socket.readyState satisfies 0 | 1 | 2 | 3;
WebSocket.OPEN satisfies 1;

// Options may be passed on with undefined in them.
const undecided: ConnectOptions = { headers: undefined, timeoutMs: undefined, proxy: undefined };
new WebSocket("ws://example.com/", undecided).close();

// undici's type is the one that Node's own has.
declare function useUndici(
  other: Pick<UndiciWebSocket, "send" | "close" | "readyState" | "url" | "onopen">,
): void;
useUndici(socket);

// @ts-expect-error there is no such option
await connect("ws://example.com/", { timeout: 5 });
// @ts-expect-error a message is a string, bytes or a Blob
socket.send({ json: true });
// @ts-expect-error iterators yield bytes, not buffers
for await (const message of socket) message satisfies string | ArrayBuffer;
