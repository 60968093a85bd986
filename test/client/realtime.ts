/** What the tests of the client share: a server with all transports, sockets to it, and waiting for what they do. */
import type { TestContext } from "node:test";
import { WebSocket } from "undici";
import type { RealtimeSocketEventMap, RealtimeSocketOptions, TransportName } from "../../src/client/index.ts";
import { RealtimeSocket } from "../../src/client/index.ts";
import type { UrlProvider } from "../../src/client/index.ts";
import type { Logger, Server, Settings } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { serveRoutes } from "../support/serve-routes.ts";

export const transports: readonly TransportName[] = ["websocket", "sse", "long-polling", "polling"];

/** Answers what it gets; `close 4000 reason` closes, `count 3` counts. */
export class Echo extends WebSocketHandler {
  override selectSubprotocol(offered: readonly string[]): string | undefined {
    return offered.find((each) => each.startsWith("v"));
  }

  override onMessage(message: string | Uint8Array): void {
    const [, code, reason] = /^close(?: (\d+) (.*))?$/.exec(String(message)) ?? [];
    const [, count] = /^count (\d+)$/.exec(String(message)) ?? [];
    if (code !== undefined) this.close(Number(code), reason);
    else if (message === "close") this.close();
    else if (count !== undefined) for (let i = 1; i <= Number(count); i++) this.writeMessage(`${i}`);
    else this.writeMessage(message);
  }
}

/** A server with an echo at /echo over all transports. */
export function serveEcho(context: TestContext, log: Logger, settings: Settings = {}): Promise<Server> {
  closeSockets(context);
  return serveRoutes(context, log, [["/echo", Echo, { transports: [...transports] }]], settings);
}

const sockets = new WeakMap<TestContext, RealtimeSocket[]>();

/** Closes the sockets of a test when it is over. To be called before what else ends then. */
export function closeSockets(context: TestContext): void {
  if (sockets.has(context)) return;
  const open: RealtimeSocket[] = [];
  sockets.set(context, open);
  context.after(async () => {
    const isOpen = ({ state }: RealtimeSocket): boolean => state !== "closed";
    await Promise.all(
      open.filter(isOpen).map((socket) => {
        const closed = nextEvent(socket, "close");
        socket.close();
        return closed;
      }),
    );
  });
}

/** Short times, so that a test need not wait. */
const quick: RealtimeSocketOptions = {
  pollingIntervalMs: 10,
  reconnect: { minDelayMs: 5, maxDelayMs: 50 },
  WebSocket,
};

/** A socket that ends with the test, if it has one. */
export function openSocket(
  context: TestContext | undefined,
  url: UrlProvider,
  options: RealtimeSocketOptions = {},
): RealtimeSocket {
  const socket = new RealtimeSocket(url, { ...quick, ...options });
  socket.binaryType = "arraybuffer";
  if (context !== undefined) {
    closeSockets(context);
    sockets.get(context)?.push(socket);
  }
  return socket;
}

/** The next event of a type that a condition holds for. */
export function nextEvent<Type extends keyof RealtimeSocketEventMap>(
  socket: RealtimeSocket,
  type: Type,
  isMeant: (event: RealtimeSocketEventMap[Type]) => boolean = () => true,
): Promise<RealtimeSocketEventMap[Type]> {
  return new Promise((resolve) => {
    const listen = (event: RealtimeSocketEventMap[Type]): void => {
      if (!isMeant(event)) return;
      socket.removeEventListener(type, listen);
      resolve(event);
    };
    socket.addEventListener(type, listen);
  });
}

/** The data of the next messages, bytes as lists of numbers. */
export async function nextMessages(socket: RealtimeSocket, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  for await (const data of socket) {
    messages.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data);
    if (messages.length === count) break;
  }
  return messages;
}

/** Every change of the state, as `previous > state CODE`. */
export function recordStates(socket: RealtimeSocket): string[] {
  const states: string[] = [];
  socket.addEventListener("statechange", ({ previous, state, reason }) => {
    states.push(`${previous} > ${state} ${reason.code}`);
  });
  return states;
}

/** What a close event says. */
export async function closeOf(socket: RealtimeSocket): Promise<readonly [number, string, boolean]> {
  const { code, reason, wasClean } = await nextEvent(socket, "close");
  return [code, reason, wasClean];
}
