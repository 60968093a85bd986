import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { TestContext } from "node:test";

/** The header of a frame that went by. */
export interface TappedFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly isCompressed: boolean;
  readonly payloadLength: number;
}

/** One direction of a connection, as it was on the wire. */
export class TappedStream {
  #chunks: Buffer[] = [];

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  get #bytes(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  get #headEnd(): number {
    return this.#bytes.indexOf("\r\n\r\n") + 4;
  }

  /** Whether this is a server's, and it agreed to speak WebSocket. */
  get isSwitched(): boolean {
    return this.#bytes.toString("latin1", 0, 12) === "HTTP/1.1 101";
  }

  /** The value of a field of the handshake; empty where it was not sent. */
  field(name: string): string {
    const head = this.#bytes.toString("latin1", 0, this.#headEnd);
    return new RegExp(String.raw`^${name}: *(.*?)\r$`, "im").exec(head)?.[1] ?? "";
  }

  /** The frames behind the handshake. */
  get frames(): TappedFrame[] {
    const bytes = this.#bytes;
    const frames: TappedFrame[] = [];
    let at = this.#headEnd;
    while (at + 2 <= bytes.length) {
      const [first = 0, second = 0] = bytes.subarray(at);
      const short = second & 0x7f;
      const payloadLength =
        short === 126
          ? bytes.readUInt16BE(at + 2)
          : short === 127
            ? Number(bytes.readBigUInt64BE(at + 2))
            : short;
      frames.push({
        opcode: first & 15,
        fin: first >= 0x80,
        isCompressed: (first & 0x40) !== 0,
        payloadLength,
      });
      at += 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second >= 0x80 ? 4 : 0) + payloadLength;
    }
    return frames;
  }

  /** Which of its messages were compressed. */
  get compressedMessages(): "all" | "some" | "none" {
    const messages = this.frames.filter(({ opcode }) => opcode === 1 || opcode === 2);
    const count = messages.filter(({ isCompressed }) => isCompressed).length;
    return count === 0 ? "none" : count === messages.length ? "all" : "some";
  }
}

/** A connection that went through the tap. */
interface Tapped {
  readonly fromClient: TappedStream;
  readonly fromServer: TappedStream;
}

/** Stands between a client and a server, and keeps what they say. */
export interface WireTap {
  readonly port: number;
  /** The WebSocket that was opened first. */
  readonly firstWebSocket: () => Tapped;
}

/** Opens a tap before a server on this port of the loopback address, until the test is over. */
export async function openTap(context: TestContext, port: number): Promise<WireTap> {
  const tapped: Tapped[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const connection = { fromClient: new TappedStream(), fromServer: new TappedStream() };
    tapped.push(connection);
    for (const [from, to, stream] of [
      [client, upstream, connection.fromClient],
      [upstream, client, connection.fromServer],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk: Buffer) => stream.add(chunk));
      from.on("error", () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const firstWebSocket = (): Tapped => {
    const connection = tapped.find(({ fromServer }) => fromServer.isSwitched);
    if (connection === undefined) throw new Error("nobody has opened a WebSocket");
    return connection;
  };
  return { port: (server.address() as AddressInfo).port, firstWebSocket };
}
