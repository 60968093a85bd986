import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { connect as connectTls } from "node:tls";

/** A response as it stood on the wire. */
export interface RawResponse {
  readonly status: number;
  /** By lower-case name; a field that came twice has two values. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

/** A frame as a server sends it. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** How a connection ended: by an orderly end, or by a reset. */
export type Ending = "end" | "reset";

/** The key of RFC 6455 §1.3, and the accept value that belongs to it. */
export const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==";
export const sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** Header fields of a handshake: null leaves one out, a list sends it several times. */
export type HandshakeFields = Readonly<Record<string, string | readonly string[] | null>>;

/** The bytes of a handshake that is right, except for what the test changes. */
export function handshake(fields: HandshakeFields = {}, requestLine = "GET /ws HTTP/1.1"): string {
  const all: HandshakeFields = {
    Host: "localhost",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": sampleKey,
    "Sec-WebSocket-Version": "13",
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => {
    if (value === null) return [];
    return (typeof value === "string" ? [value] : value).map((each) => `${name}: ${each}\r\n`);
  });
  return `${requestLine}\r\n${lines.join("")}\r\n`;
}

/** A TCP connection on which a test writes what it likes, and reads what comes back byte by byte. */
export class RawSocket {
  readonly socket: Socket;
  /** What carries TLS, or the same as `socket`. */
  readonly #tcp: Socket;
  #chunks: Buffer[] = [];
  #length = 0;
  #ending: Ending | undefined;
  #wake: () => void = () => {};

  /** Connects to a port of the loopback address, with TLS if its options are given. */
  static async connect(port: number, tls?: ConnectionOptions): Promise<RawSocket> {
    // Half-open: that the server ends must not end our side as well, or a test could not tell who did.
    const tcp = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const socket = tls === undefined ? tcp : connectTls({ ...tls, socket: tcp });
    const raw = new RawSocket(socket, tcp);
    await once(socket, tls === undefined ? "connect" : "secureConnect");
    return raw;
  }

  /** Reads and writes on a socket that is open already: one of TLS, or one that a test has accepted. */
  constructor(socket: Socket, tcp: Socket = socket) {
    this.socket = socket;
    this.#tcp = tcp;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    socket.on("end", () => this.#end("end"));
    socket.on("error", () => this.#end("reset"));
    socket.on("close", () => this.#end("reset"));
  }

  /** Writes bytes; a string is written as latin-1, so that each character is one byte. */
  write(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Writes bytes, and resolves when the operating system has them: the next write is another segment. */
  async writeSegment(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () => resolve());
    });
  }

  /** The next start line and the header fields after it, up to the empty line. */
  async head(): Promise<{ readonly startLine: string; readonly headers: RawResponse["headers"] }> {
    const head = await this.#take(() => {
      const end = this.#join().indexOf("\r\n\r\n");
      return end === -1 ? undefined : end + 4;
    });
    const [startLine = "", ...lines] = head.toString("latin1").trimEnd().split("\r\n");
    const headers: Record<string, string[]> = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
    }
    return { startLine, headers };
  }

  /** The next response; one without Content-Length lasts until the end of the connection. */
  async response(): Promise<RawResponse> {
    const { startLine, headers } = await this.head();
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(startLine)?.[1]);
    const length = headers["content-length"]?.[0];
    if (status === 101 || status === 304) return { status, headers, body: "" };
    const body = length === undefined ? await this.rest() : await this.read(Number(length));
    return { status, headers, body: body.toString() };
  }

  /** The next frame, as a server sends it: not masked. */
  async frame(): Promise<ReceivedFrame> {
    const { first, payload } = await this.frameWithBits();
    return { opcode: first & 0x0f, payload };
  }

  /** The next frame with all of its first byte, as it came. */
  async frameWithBits(): Promise<{ readonly first: number; readonly payload: Buffer }> {
    const [first = 0, second = 0] = await this.read(2);
    const extended = second === 126 ? 2 : second === 127 ? 8 : 0;
    const lengthBytes = await this.read(extended);
    const length = extended === 0 ? second : Number(`0x${lengthBytes.toString("hex")}`);
    return { first, payload: await this.read(length) };
  }

  /** Bytes that have come and were not asked for yet. */
  get received(): number {
    return this.#length;
  }

  /** Resolves when there are bytes to read, or there will be none any more. */
  async available(): Promise<void> {
    while (this.#length === 0 && this.#ending === undefined) await this.#awake();
  }

  /** Exactly so many bytes. */
  read(length: number): Promise<Buffer> {
    return this.#take(() => (this.#length >= length ? length : undefined));
  }

  /** Everything until the connection ends. */
  async rest(): Promise<Buffer> {
    await this.ended();
    return this.#cut(this.#length);
  }

  /** Resolves when the server has ended the connection, with how it did. */
  async ended(): Promise<Ending> {
    while (this.#ending === undefined) await this.#awake();
    return this.#ending;
  }

  /** Ends our side, and stays to read what comes. */
  end(): void {
    this.socket.end();
  }

  /** Cuts the connection with a TCP reset, as a machine does that lost its state. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  async #take(length: () => number | undefined): Promise<Buffer> {
    for (;;) {
      const available = length();
      if (available !== undefined) {
        return this.#cut(available);
      }
      if (this.#ending !== undefined) {
        throw new Error(
          `the connection ended (${this.#ending}) after ${JSON.stringify(this.#join().toString())}`,
        );
      }
      await this.#awake();
    }
  }

  /** What has come, in one piece; only made when somebody looks at it. */
  #join(): Buffer {
    const joined = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    if (joined !== undefined) return joined;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  #cut(length: number): Buffer {
    const bytes = this.#join();
    this.#chunks = [bytes.subarray(length)];
    this.#length -= length;
    return bytes.subarray(0, length);
  }

  #awake(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #end(how: Ending): void {
    this.#ending ??= how;
    this.#wake();
  }
}

/** The code and reason that a close frame carries; 1005 for an empty one (RFC 6455 §7.1.5). */
export function closeOf(frame: ReceivedFrame): { readonly code: number; readonly reason: string } {
  const { payload } = frame;
  if (payload.length === 0) return { code: 1005, reason: "" };
  return { code: payload.readUInt16BE(0), reason: payload.toString("utf8", 2) };
}
