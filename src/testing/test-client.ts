import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { defaultWebSocketLimits } from "../base/limits.ts";
import { noBytes } from "../base/bytes.ts";
import type { HeaderFields } from "../protocol/http/header-fields.ts";
import { CloseCode } from "../protocol/websocket/close-code.ts";
import { Opcode } from "../protocol/websocket/opcode.ts";
import { HeartbeatWheel } from "../transport/heartbeat.ts";
import type { TransportEvents } from "../transport/transport.ts";
import { dialWebSocket } from "../transport/websocket-client.ts";
import type { WebSocketTransport } from "../transport/websocket-transport.ts";
import { createMaskKey } from "../transport/websocket-transport.ts";
import { Inbox } from "./inbox.ts";
import type { RawFrame } from "./raw-frame.ts";
import { encodeRawFrame } from "./raw-frame.ts";

/** How a test client connects. */
export interface TestClientOptions {
  /** The Origin header, which browsers send. Default none. */
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly subprotocols?: readonly string[];
  /** For servers with TLS: `{ rejectUnauthorized: false }`, or the certificate to trust. */
  readonly tls?: ConnectionOptions;
}

/** How a connection ended: the code and reason of the close frame, 1005 for one without, 1006 for none. */
export interface TestClose {
  readonly code: number;
  readonly reason: string;
}

/** A handshake that was answered with something else than 101. */
export interface TestRefusal {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: string;
}

/** Tests send and receive what they like: limits that protect a server would only be in their way. */
const testLimits = {
  ...defaultWebSocketLimits,
  maxMessageBytes: Number.MAX_SAFE_INTEGER,
  maxSendQueueBytes: Number.MAX_SAFE_INTEGER,
  pingIntervalMs: 0,
};

/**
 * A WebSocket client for tests. It sends whole messages, single frames or any bytes at all, and waits for what comes
 * back. It answers pings and close frames by itself, as any client does.
 *
 * @example
 * const client = await TestClient.connect(`${server.url}/url`);
 * client.send("http://example.com/");
 * assert.equal(await client.nextMessage(), "郑老板,您好,我已经收到url:http://example.com/");
 * client.sendFrame({ opcode: 1, payload: "not masked", mask: null });
 * assert.deepEqual(await client.closed(), { code: 1002, reason: "WS_MASK_MISSING" });
 */
export class TestClient {
  readonly #transport: WebSocketTransport;
  readonly #socket: Socket;
  readonly #messages = new Inbox<string | Uint8Array>();
  readonly #pings = new Inbox<Uint8Array>();
  readonly #pongs = new Inbox<Uint8Array>();
  readonly #closes = new Inbox<TestClose>();
  /** Header fields of the server's answer to the handshake. */
  readonly headers: HeaderFields;

  /**
   * Connects to an `http:`, `https:`, `ws:` or `wss:` URL.
   *
   * @throws Error with the status and the body when the handshake is refused; `refusal` expects that instead.
   */
  static async connect(url: string | URL, options: TestClientOptions = {}): Promise<TestClient> {
    const result = await dial(url, options);
    if (result.kind === "opened") return new TestClient(result.transport, result.socket, result.headers);
    throw new Error(`the handshake was refused: ${result.status}\n${result.body}`);
  }

  /** Connects where a refusal is expected, and resolves with it. */
  static async refusal(url: string | URL, options: TestClientOptions = {}): Promise<TestRefusal> {
    const result = await dial(url, options);
    if (result.kind === "opened") {
      result.socket.destroy();
      throw new Error("the handshake was not refused");
    }
    const { status, headers, body } = result;
    return { status, headers, body };
  }

  private constructor(transport: WebSocketTransport, socket: Socket, headers: HeaderFields) {
    this.#transport = transport;
    this.#socket = socket;
    this.headers = headers;
    transport.start(this.#events());
  }

  /** What the server chose; empty when it chose none. */
  get subprotocol(): string {
    return this.#transport.subprotocol;
  }

  /** Sends a message: a string as text, bytes as binary. */
  send(message: string | Uint8Array): void {
    this.sendFrame({
      opcode: typeof message === "string" ? Opcode.text : Opcode.binary,
      payload: message,
      mask: createMaskKey(),
    });
  }

  ping(payload: Uint8Array = noBytes): void {
    this.sendFrame({ opcode: Opcode.ping, payload, mask: createMaskKey() });
  }

  /** Sends a frame, right or wrong. */
  sendFrame(frame: RawFrame): void {
    this.sendBytes(encodeRawFrame(frame));
  }

  /** Sends bytes as they are: a string is hexadecimal, with spaces where you like. */
  sendBytes(bytes: Uint8Array | string): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes.replaceAll(/\s/g, ""), "hex") : bytes);
  }

  /** The next message; rejects when the connection ends before it. */
  nextMessage(): Promise<string | Uint8Array> {
    return this.#messages.next();
  }

  /** The payload of the next ping. */
  nextPing(): Promise<Uint8Array> {
    return this.#pings.next();
  }

  /** The payload of the next pong. */
  nextPong(): Promise<Uint8Array> {
    return this.#pongs.next();
  }

  /** Resolves when the connection has ended. To be called once. */
  closed(): Promise<TestClose> {
    return this.#closes.next();
  }

  /** Closes with a close frame, and resolves when the connection has ended. */
  close(code?: number, reason?: string): Promise<TestClose> {
    this.#transport.close(code, reason);
    return this.closed();
  }

  /** Stops reading, like a client that is too slow. */
  pause(): void {
    this.#transport.pauseReading();
  }

  /** Reads again. */
  resume(): void {
    this.#transport.resumeReading();
  }

  /** Cuts the connection without a close frame. */
  terminate(): void {
    this.#socket.destroy();
  }

  #events(): TransportEvents {
    return {
      receiveText: (text) => this.#messages.add(text),
      receiveBinary: (bytes) => this.#messages.add(bytes),
      receivePing: (payload) => this.#pings.add(payload),
      receivePong: (payload) => this.#pongs.add(payload),
      receiveClosing() {},
      receiveClosed: () => this.#receiveClosed(),
    };
  }

  #receiveClosed(): void {
    const { closeCode: code = CloseCode.abnormal, closeReason: reason } = this.#transport;
    const ending = new Error(`the connection was closed with ${code} ${reason}`);
    for (const inbox of [this.#messages, this.#pings, this.#pongs]) inbox.end(ending);
    this.#closes.add({ code, reason });
  }
}

function dial(url: string | URL, options: TestClientOptions): ReturnType<typeof dialWebSocket> {
  return dialWebSocket(new URL(url), {
    headers: { ...(options.origin === undefined ? {} : { Origin: options.origin }), ...options.headers },
    subprotocols: options.subprotocols ?? [],
    tls: options.tls ?? {},
    limits: testLimits,
    heartbeats: new HeartbeatWheel(),
  });
}
