import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { connect as connectTls } from "node:tls";

/** A response as it came. */
export interface RawResponse {
  readonly status: number;
  /** Header fields by lower-case name; a repeated one has several values. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
  /** The only value of a header field; undefined when it is absent. */
  readonly header: (name: string) => string | undefined;
}

/** How a connection is opened, besides the port. */
export interface RawConnectionOptions {
  readonly host?: string;
  /** Speaks TLS first. */
  readonly tls?: ConnectionOptions;
}

/**
 * A connection on which a test sends what it likes and reads what comes back, response by response. No library stands
 * between that would repair a request, or refuse to send it.
 */
export class RawConnection {
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;
  #received: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #wake: () => void = () => {};

  /** @param target a port, or the path of a Unix socket. */
  static async open(target: number | string, options: RawConnectionOptions = {}): Promise<RawConnection> {
    const { host = "127.0.0.1", tls } = options;
    const address = typeof target === "string" ? { path: target } : { port: target, host };
    const socket = tls === undefined ? connect(address) : connectTls({ ...tls, ...address });
    await once(socket, tls === undefined ? "connect" : "secureConnect");
    return new RawConnection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    // The error of a reset connection says no more than its "close".
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.#closed = new Promise((resolve) => socket.once("close", resolve));
    const end = (): void => {
      this.#isEnded = true;
      this.#wake();
    };
    socket.once("end", end);
    socket.once("close", end);
  }

  /** Sends bytes as they are; a string is one byte for each character. */
  send(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Ends our side, and goes on reading. */
  end(): void {
    this.#socket.end();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Stops reading, like a client that is too slow. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads again. */
  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when there are bytes that have not been read. */
  async received(): Promise<void> {
    while (this.#received.length === 0) await this.#moreOrThrow();
  }

  /** Resolves with the bytes that no response was made of, when the server has ended the connection. */
  async ended(): Promise<Buffer> {
    while (!this.#isEnded) await this.#more();
    this.#socket.destroy();
    await this.#closed;
    return this.#received;
  }

  /**
   * The next response, complete. Rejects when the connection ends before it is.
   *
   * @param method of the request it answers: a HEAD request gets no body.
   */
  async nextResponse(method = "GET"): Promise<RawResponse> {
    const head = (await this.#readThrough("\r\n\r\n")).toString("latin1");
    const [statusLine = "", ...lines] = head.trimEnd().split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    const hasNoBody = method === "HEAD" || status < 200 || status === 204 || status === 304;
    const body = hasNoBody ? Buffer.alloc(0) : await this.#readBody(headers);
    const header = (name: string): string | undefined => headers.get(name.toLowerCase())?.join(" // ");
    return { status, headers, body, text: body.toString("utf8"), header };
  }

  async #readBody(headers: ReadonlyMap<string, readonly string[]>): Promise<Buffer> {
    const length = headers.get("content-length")?.[0];
    if (length !== undefined) return this.#read(Number(length));
    if (headers.get("transfer-encoding")?.[0] !== "chunked") return this.#readToEnd();
    const chunks: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await this.#readThrough("\r\n")).toString("latin1"), 16);
      const chunk = await this.#read(size + 2);
      if (size === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, size));
    }
  }

  async #readThrough(mark: string): Promise<Buffer> {
    for (;;) {
      const at = this.#received.indexOf(mark);
      if (at !== -1) return this.#read(at + mark.length);
      await this.#moreOrThrow();
    }
  }

  async #read(length: number): Promise<Buffer> {
    while (this.#received.length < length) await this.#moreOrThrow();
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  async #readToEnd(): Promise<Buffer> {
    while (!this.#isEnded) await this.#more();
    return this.#read(this.#received.length);
  }

  async #moreOrThrow(): Promise<void> {
    if (this.#isEnded) {
      throw new Error(
        `the connection ended inside a response, after ${JSON.stringify(String(this.#received))}`,
      );
    }
    await this.#more();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Sends bytes on a connection of their own, and resolves with the first response. */
export async function exchange(
  target: number | string,
  bytes: string | Uint8Array,
  options: RawConnectionOptions & { readonly method?: string } = {},
): Promise<RawResponse> {
  const connection = await RawConnection.open(target, options);
  try {
    connection.send(bytes);
    return await connection.nextResponse(options.method);
  } finally {
    connection.destroy();
  }
}

/** A request line, a Host unless `lines` has one, and further header lines; without a body. */
export function requestText(method: string, target: string, lines: readonly string[] = []): string {
  const hasHost = lines.some((line) => /^host:/i.test(line));
  return [`${method} ${target} HTTP/1.1`, ...(hasHost ? [] : ["Host: localhost"]), ...lines, "", ""].join(
    "\r\n",
  );
}

/** Sends a request on a connection of its own, and resolves with the response. */
export function request(
  server: { readonly port: number },
  method: string,
  target: string,
  lines: readonly string[] = [],
): Promise<RawResponse> {
  return exchange(server.port, requestText(method, target, lines), { method });
}

/** Sends a GET request on a connection of its own, and resolves with the response. */
export function get(
  server: { readonly port: number },
  target: string,
  lines: readonly string[] = [],
): Promise<RawResponse> {
  return request(server, "GET", target, lines);
}
