import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { AgreedCompression } from "./compression.ts";
import { createInflater, parseAgreement } from "./compression.ts";
import { firstByte, maskedFrame } from "./frames.ts";
import type { SocketProtocol } from "./opponents.ts";
import type { Message } from "./script-file.ts";
import { createCompressedUnits } from "./script-file.ts";

const rsv1 = 0x40;

/** How a connection begins. */
export interface Opening {
  readonly path: string;
  /** What the client says first. */
  readonly greeting?: Buffer;
  /** What it offers. */
  readonly extensions?: string;
}

/** Where a protocol is reached, and how. */
export const openings: Readonly<Record<SocketProtocol, Opening>> = {
  websocket: { path: "/" },
  "socket.io": {
    path: "/socket.io/?EIO=4&transport=websocket",
    // The packet CONNECT.
    greeting: maskedFrame(firstByte(1), Buffer.from("40")),
  },
};

/**
 * Asks a server for compression as the clients of the load generator will, and lets it echo all messages once. The load
 * generator does not inflate; that what comes back is right is seen here.
 *
 * @returns what the server agreed to. Rejects when it agreed to nothing, or what it sends is not what it was sent.
 */
export async function agreeOnCompression(
  port: number,
  protocol: SocketProtocol,
  offer: string,
  entries: readonly (readonly Message[])[],
): Promise<AgreedCompression> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    const reader = new ByteReader(socket);
    const { path, greeting } = openings[protocol];
    socket.write(requestFor(path, port, offer));
    const head = await reader.takeHead();
    const answer = /^sec-websocket-extensions:\s*(.+)$/im.exec(head)?.[1]?.trim() ?? "";
    const agreed = parseAgreement(answer);
    if (agreed === undefined) throw new Error("it does not agree to compress messages");
    const receive = createReceiver(reader, agreed);
    if (greeting !== undefined) {
      await receive();
      socket.write(greeting);
      await receive();
    }
    for (const [index, { sent }] of createCompressedUnits(entries, agreed).entries()) {
      socket.write(sent);
      for (const [, content] of entries[index] ?? []) {
        const { isCompressed, message } = await receive();
        if (!isCompressed) throw new Error("it agreed to compress messages, and sends one as it is");
        if (!message.equals(content)) throw new Error("what it sends inflates to something else");
      }
    }
    return agreed;
  } finally {
    socket.destroy();
  }
}

function requestFor(path: string, port: number, offer: string): string {
  const fields = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Extensions: ${offer}`,
  ];
  return `${fields.join("\r\n")}\r\n\r\n`;
}

/** Reads messages, each in one frame. */
function createReceiver(
  reader: ByteReader,
  agreed: AgreedCompression,
): () => Promise<{ readonly isCompressed: boolean; readonly message: Buffer }> {
  const inflate = createInflater(agreed);
  return async () => {
    const { first, payload } = await reader.takeFrame();
    const isCompressed = (first & rsv1) !== 0;
    return { isCompressed, message: isCompressed ? inflate(payload) : payload };
  };
}

/** Takes bytes from a socket in the pieces that are asked for. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async takeHead(): Promise<string> {
    const end = "\r\n\r\n";
    while (!this.#bytes.includes(end)) await this.#readMore();
    return (await this.#take(this.#bytes.indexOf(end) + end.length)).toString("latin1");
  }

  async takeFrame(): Promise<{ readonly first: number; readonly payload: Buffer }> {
    const head = await this.#take(2);
    const short = head[1]!;
    const length =
      short === 126
        ? (await this.#take(2)).readUInt16BE()
        : short === 127
          ? Number((await this.#take(8)).readBigUInt64BE())
          : short;
    return { first: head[0]!, payload: await this.#take(length) };
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#readMore();
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #readMore(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done === true) throw new Error("it ended a connection that was to be compressed");
    this.#bytes = Buffer.concat([this.#bytes, value]);
  }
}
