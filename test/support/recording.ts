import assert from "node:assert/strict";
import type { Problem } from "../../src/base/errors.ts";
import type { ConnectionEvents, ConnectionOptions } from "../../src/protocol/websocket/connection.ts";
import { WebSocketConnection } from "../../src/protocol/websocket/connection.ts";
import type { FrameSink, Role } from "../../src/protocol/websocket/frame-parser.ts";
import { FrameParser } from "../../src/protocol/websocket/frame-parser.ts";
import { Opcode } from "../../src/protocol/websocket/opcode.ts";
import type { RawFrame } from "../../src/testing/raw-frame.ts";
import { encodeRawFrame } from "../../src/testing/raw-frame.ts";

/** Both ends of a connection: what is true of one is tested of the other, too. */
export const roles: readonly Role[] = ["server", "client"];

/** The bytes that hexadecimal digits stand for, with spaces where you like. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

/** Bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A copy with memory of its own; `slice` would give a view where the bytes are a Node Buffer. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Copies of the pieces that `sizes` cut `bytes` into; what is left when the sizes are used up is the last piece. */
export function chunksOf(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at + size >= bytes.length) break;
    chunks.push(copyOf(bytes.subarray(at, at + size)));
    at += size;
  }
  chunks.push(copyOf(bytes.subarray(at)));
  return chunks;
}

/** As many sizes of chunks as it takes to cut `length` bytes into chunks of one `size`. */
export function repeated(size: number, length: number): number[] {
  return Array.from({ length: Math.ceil(length / size) }, () => size);
}

/** The same bytes whole, byte by byte, and cut in two at each of the places where a header could be. */
export function everyChunking(bytes: Uint8Array): Uint8Array[][] {
  const chunkings = [[copyOf(bytes)], chunksOf(bytes, repeated(1, bytes.length))];
  for (let cut = 1; cut < Math.min(bytes.length, 40); cut++) chunkings.push(chunksOf(bytes, [cut]));
  return chunkings;
}

/** Writes down what a frame parser finds, with the pieces of a payload put together again. */
export class FrameRecorder implements FrameSink {
  readonly events: string[] = [];
  #payload = "";
  #bytesToCome = 0;

  receiveFrame(opcode: number, fin: boolean, isCompressed: boolean, payloadLength: number): void {
    assert.equal(this.#bytesToCome, 0, "a frame began before the last one's payload was complete");
    this.events.push(
      `frame ${opcode} ${fin ? "fin" : "more"} ${payloadLength}${isCompressed ? " rsv1" : ""}`,
    );
    this.#bytesToCome = payloadLength;
  }

  receivePayload(bytes: Uint8Array, start: number, end: number, bytesToCome: number): void {
    const piece = bytes.subarray(start, end);
    assert.equal(piece.length + bytesToCome, this.#bytesToCome, "a piece and what is to come fit together");
    this.#payload += toHex(piece);
    this.#bytesToCome = bytesToCome;
    if (bytesToCome > 0) return;
    this.events.push(`payload ${this.#payload}`);
    this.#payload = "";
  }

  receiveFrameError(problem: Problem): void {
    this.events.push(`error ${problem.code}`);
  }
}

/** A connection without a socket, fed by hand, that writes down its events in short: `text Hello`, `ping 0102`. */
export class RecordedConnection implements ConnectionEvents {
  readonly connection: WebSocketConnection;
  readonly #role: Role;
  readonly #isCompressing: boolean;
  #events: string[] = [];
  /** What `receiveClosing` was told: the last problem. */
  problem: Problem | undefined;

  constructor(role: Role, options: Partial<Omit<ConnectionOptions, "role">> = {}) {
    this.#role = role;
    this.#isCompressing = options.codec !== undefined;
    const mask = role === "client" ? { createMaskKey: () => 0x37_fa_21_3d } : {};
    const defaults = { role, maxMessageBytes: 1000, accepts: "any", ...mask } as const;
    this.connection = new WebSocketConnection({ ...defaults, ...options }, this);
  }

  /** Receives bytes, in copies since they are unmasked in place, or frames as the peer must send them. */
  receive(...input: readonly (Uint8Array | RawFrame)[]): this {
    for (const item of input) {
      this.connection.receive(item instanceof Uint8Array ? copyOf(item) : peerFrame(this.#role, item));
    }
    return this;
  }

  /** The events since the last call. */
  takeEvents(): string[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** The bytes sent since the last call. */
  takeBytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.connection.output.take()));
  }

  /**
   * The frames sent since the last call, as the peer reads them: `pong 0102`, `close 1002 WS_MASK_MISSING`,
   * `compressed text 6103`.
   */
  takeFrames(): string[] {
    const frames: string[] = [];
    let frame = { opcode: 0, isCompressed: false };
    const sink: FrameSink = {
      receiveFrame: (opcode, _fin, isCompressed) => {
        frame = { opcode, isCompressed };
      },
      receivePayload: (bytes, start, end) => {
        frames.push(describeFrame(frame.opcode, bytes.subarray(start, end), frame.isCompressed));
      },
      receiveFrameError: ({ code }) => {
        frames.push(`not a frame: ${code}`);
      },
    };
    const peerRole = this.#role === "server" ? "client" : "server";
    new FrameParser(peerRole, sink, this.#isCompressing).receive(this.takeBytes());
    return frames;
  }

  receiveText(text: string, byteLength: number): void {
    assert.equal(byteLength, Buffer.byteLength(text), "a text comes with its length in bytes");
    this.#events.push(`text ${text}`);
  }

  receiveBinary(bytes: Uint8Array): void {
    this.#events.push(`binary ${toHex(bytes)}`);
  }

  receivePing(payload: Uint8Array): void {
    this.#events.push(`ping ${toHex(payload)}`);
  }

  receivePong(payload: Uint8Array): void {
    this.#events.push(`pong ${toHex(payload)}`);
  }

  receiveClosing(problem: Problem | undefined): void {
    this.problem = problem;
    this.#events.push(problem === undefined ? "closing" : `closing ${problem.code}`);
  }
}

/** The bytes of a frame that the peer of `role` sends: masked if the peer is a client. */
export function peerFrame(role: Role, frame: RawFrame): Uint8Array {
  return encodeRawFrame(role === "server" ? frame : { mask: null, ...frame });
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ""): Uint8Array {
  return new Uint8Array([code >> 8, code & 0xff, ...Buffer.from(reason)]);
}

/** Asserts how a connection says that it ended, or is about to. */
export function assertEnding(
  connection: WebSocketConnection,
  state: "closing" | "closed",
  closeCode: number,
  closeReason = "",
): void {
  const seen = { state: connection.state, code: connection.closeCode, reason: connection.closeReason };
  assert.deepEqual(seen, { state, code: closeCode, reason: closeReason });
}

function describeFrame(opcode: number, payload: Uint8Array, isCompressed: boolean): string {
  const name = Object.entries(Opcode).find(([, value]) => value === opcode)?.[0];
  if (isCompressed) return `compressed ${name} ${toHex(payload)}`.trimEnd();
  if (opcode === Opcode.text) return `${name} ${Buffer.from(payload).toString()}`;
  if (opcode !== Opcode.close || payload.length === 0) return `${name} ${toHex(payload)}`.trimEnd();
  const code = Buffer.from(payload).readUInt16BE();
  return `${name} ${code} ${Buffer.from(payload.subarray(2)).toString()}`.trimEnd();
}
