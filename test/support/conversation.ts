/**
 * A conversation that clients and servers of many makes have with ours: messages of all kinds and sizes, many in a row,
 * pings and closes from both ends. test/fixtures/clients and test/fixtures/servers have the same in Python.
 */
import { WebSocketHandler } from "../../src/index.ts";

/** A message, described instead of written out. */
export type MessageSpec =
  | { readonly kind: "text"; readonly unit: string; readonly count: number }
  | { readonly kind: "binary"; readonly count: number };

/** What is said. */
export interface Plan {
  readonly messages: readonly MessageSpec[];
  /** How many messages are sent in a row, in each direction. */
  readonly burst: number;
}

export const plan: Plan = {
  messages: [
    { kind: "text", unit: "héllo 𝄞", count: 1 },
    { kind: "text", unit: "", count: 0 },
    { kind: "text", unit: '{"id":1,"name":"é"},', count: 500 },
    { kind: "text", unit: '{"id":2,"name":"é"},', count: 500 },
    { kind: "text", unit: "0123456789abcdef", count: 65_536 },
    { kind: "binary", count: 0 },
    { kind: "binary", count: 300 },
    { kind: "binary", count: 1024 * 1024 },
  ],
  burst: 200,
};

/** What came of it. Those without a number or answer could not be tried with this partner. */
export interface Report {
  /** Messages that came back as they were sent. */
  readonly echoes: number;
  /** The same, sent in three fragments. */
  readonly fragmented: number;
  /** Messages of a burst that the server sent, and of one to and fro, in order. */
  readonly counted: number;
  readonly burst: number;
  /** Whether the client got its pong, and the server its own. */
  readonly pinged: boolean;
  readonly ponged: boolean;
  /** Code and reason as the client sees them, where it closes and where the server does. */
  readonly close: readonly [number, string];
  readonly closed: readonly [number, string];
}

const count = plan.messages.length;

/** What everybody should report, if the partner can do everything. */
export const expectedReport: Report = {
  echoes: count,
  fragmented: count,
  counted: plan.burst,
  burst: plan.burst,
  pinged: true,
  ponged: true,
  close: [4001, ""],
  closed: [4002, "because"],
};

/** The server's part. */
export class Partner extends WebSocketHandler {
  override onMessage(message: string | Uint8Array): void {
    const [verb = "", argument] = typeof message === "string" ? message.split(" ", 2) : [];
    if (verb === "count") for (let at = 0; at < Number(argument); at++) this.writeMessage(`number ${at}`);
    else if (verb === "ping") this.ping("are you there?");
    else if (verb === "close") this.close(4002, "because");
    else this.writeMessage(message);
  }

  override onPong(): void {
    this.writeMessage("ponged");
  }
}

/** A client as the conversation needs it. */
export interface Speaker {
  send(message: string | Uint8Array): void;
  receive(): Promise<string | Uint8Array>;
  close(code: number, reason: string): Promise<readonly [number, string]>;
  closed(): Promise<readonly [number, string]>;
  ping?(): Promise<void>;
  sendFragments?(pieces: readonly (string | Uint8Array)[]): void;
}

function messageOf(spec: MessageSpec): string | Uint8Array {
  if (spec.kind === "text") return spec.unit.repeat(spec.count);
  return Uint8Array.from({ length: spec.count }, (_, at) => (at * 31) % 256);
}

function isSame(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return Buffer.compare(a, b) === 0;
}

/** The client's part, for clients that run in this process. */
export async function converse(connect: () => Promise<Speaker>): Promise<Report> {
  const speaker = await connect();
  const messages = plan.messages.map(messageOf);
  const report = { echoes: 0, fragmented: 0, counted: 0, burst: 0, pinged: false, ponged: false };
  for (const message of messages) {
    speaker.send(message);
    if (isSame(await speaker.receive(), message)) report.echoes++;
  }
  for (const message of speaker.sendFragments === undefined ? [] : messages) {
    const third = Math.floor(message.length / 3);
    speaker.sendFragments?.([
      message.slice(0, third),
      message.slice(third, 2 * third),
      message.slice(2 * third),
    ]);
    if (isSame(await speaker.receive(), message)) report.fragmented++;
  }
  speaker.send(`count ${plan.burst}`);
  for (let at = 0; at < plan.burst; at++) {
    if ((await speaker.receive()) === `number ${at}`) report.counted++;
  }
  for (let at = 0; at < plan.burst; at++) speaker.send(`one of many: ${at}`);
  for (let at = 0; at < plan.burst; at++) {
    if ((await speaker.receive()) === `one of many: ${at}`) report.burst++;
  }
  await speaker.ping?.();
  report.pinged = speaker.ping !== undefined;
  speaker.send("ping");
  report.ponged = (await speaker.receive()) === "ponged";
  const close = await speaker.close(4001, "done");
  const second = await connect();
  second.send("close 4002 because");
  return { ...report, close, closed: await second.closed() };
}

/**
 * The client's part by the standard interface and nothing else: it is also run in browsers, where nothing of this file
 * is known.
 */
export async function converseByStandard(
  given: { readonly url: string; readonly plan: Plan },
  WebSocketClass: typeof WebSocket = WebSocket,
): Promise<Report> {
  interface Client {
    readonly send: (message: string | Uint8Array) => void;
    readonly receive: () => Promise<string | Uint8Array>;
    readonly closed: Promise<readonly [number, string]>;
    readonly close: (code: number, reason: string) => void;
  }
  const connect = async (): Promise<Client> => {
    const socket = new WebSocketClass(given.url);
    socket.binaryType = "arraybuffer";
    const inbox: (string | Uint8Array)[] = [];
    let wake: () => void = () => {};
    socket.addEventListener("message", ({ data }) => {
      inbox.push(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
      wake();
    });
    let isClosed = false;
    const closed = new Promise<readonly [number, string]>((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        isClosed = true;
        resolve([code, reason]);
        wake();
      });
    });
    await new Promise((resolve) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("close", resolve);
    });
    const receive = async (): Promise<string | Uint8Array> => {
      for (;;) {
        const message = inbox.shift();
        if (message !== undefined) return message;
        if (isClosed) throw new Error(`closed: ${String(await closed)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    const send = (message: string | Uint8Array): void => socket.send(message);
    return { send, receive, closed, close: (code, reason) => socket.close(code, reason) };
  };
  const isEqual = (a: string | Uint8Array, b: string | Uint8Array): boolean => {
    if (typeof a === "string" || typeof b === "string") return a === b;
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
  };
  const client = await connect();
  const report = { echoes: 0, fragmented: 0, counted: 0, burst: 0, pinged: false, ponged: false };
  for (const spec of given.plan.messages) {
    const message =
      spec.kind === "text"
        ? spec.unit.repeat(spec.count)
        : Uint8Array.from({ length: spec.count }, (_, at) => (at * 31) % 256);
    client.send(message);
    if (isEqual(await client.receive(), message)) report.echoes++;
  }
  const { burst } = given.plan;
  client.send(`count ${burst}`);
  for (let at = 0; at < burst; at++) if ((await client.receive()) === `number ${at}`) report.counted++;
  for (let at = 0; at < burst; at++) client.send(`one of many: ${at}`);
  for (let at = 0; at < burst; at++) if ((await client.receive()) === `one of many: ${at}`) report.burst++;
  client.send("ping");
  report.ponged = (await client.receive()) === "ponged";
  client.close(4001, "done");
  const close = await client.closed;
  const second = await connect();
  second.send("close 4002 because");
  return { ...report, close, closed: await second.closed };
}
