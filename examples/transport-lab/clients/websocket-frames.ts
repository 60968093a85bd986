import { randomBytes } from "node:crypto";

/** The kinds of frames that these clients know (RFC 6455 §5.2). */
export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

const nothing = Buffer.alloc(0);

/** A masked frame with a payload of at most 125 bytes, which is all that a control frame can have (RFC 6455 §5.3 and §5.5). */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const key = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ key[index % 4]!);
  return Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | payload.length), key, masked]);
}

/** Cuts a server's bytes into frames. These servers send each message in one frame, and compress none. */
export class ServerFrameReader {
  readonly #receiveFrame: (opcode: number, payload: Buffer) => void;
  #waiting: Buffer = nothing;

  constructor(receiveFrame: (opcode: number, payload: Buffer) => void) {
    this.#receiveFrame = receiveFrame;
  }

  receive(bytes: Buffer): void {
    let waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    for (;;) {
      const start = payloadStart(waiting);
      if (start === undefined || waiting.length < start.end) break;
      this.#receiveFrame(waiting[0]! & 15, waiting.subarray(start.begin, start.end));
      waiting = waiting.subarray(start.end);
    }
    this.#waiting = waiting;
  }
}

/** Where the payload of the first frame lies; undefined as long as its header is not there. */
function payloadStart(bytes: Buffer): { readonly begin: number; readonly end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 127;
  const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < begin) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return { begin, end: begin + length };
}
