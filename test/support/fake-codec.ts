import type { MessageCodec } from "../../src/protocol/websocket/message-codec.ts";

/** How a fake codec differs from one that compresses everything and remembers nothing. */
export interface FakeCodecOptions {
  readonly thresholdBytes?: number;
  readonly sharedKey?: object | undefined;
}

/**
 * A codec whose work can be read: bytes that are all the same become that byte and their number, as hexadecimal `61 03`
 * for "aaa"; all others become longer by a byte, `ff` and what they were. It writes down what it was asked for.
 */
export class FakeCodec implements MessageCodec {
  readonly thresholdBytes: number;
  readonly sharedKey: object | undefined;
  readonly calls: string[] = [];
  /** Borrowed memory: every call uses it again. */
  readonly #memory = new Uint8Array(100_000);

  constructor(options: FakeCodecOptions = {}) {
    this.thresholdBytes = options.thresholdBytes ?? 0;
    this.sharedKey = "sharedKey" in options ? options.sharedKey : {};
  }

  compress(payload: Uint8Array): Uint8Array {
    this.calls.push(`compress ${Buffer.from(payload).toString()}`);
    const [first] = payload;
    if (first !== undefined && payload.length < 256 && payload.every((byte) => byte === first)) {
      return this.#lend([first, payload.length]);
    }
    return this.#lend([0xff, ...payload]);
  }

  decompress(payload: Uint8Array, maxBytes: number): Uint8Array | "too big" | "invalid" {
    this.calls.push(`decompress ${Buffer.from(payload).toString("hex")}`);
    const [first, count] = payload;
    if (first === 0xff) return this.#lend(payload.subarray(1));
    if (first === undefined || count === undefined || payload.length > 2) return "invalid";
    return count > maxBytes ? "too big" : this.#lend(new Uint8Array(count).fill(first));
  }

  close(): void {
    this.calls.push("close");
  }

  /** What was asked for since the last call. */
  takeCalls(): string[] {
    return this.calls.splice(0);
  }

  #lend(bytes: ArrayLike<number>): Uint8Array {
    this.#memory.fill(0xee);
    this.#memory.set(bytes);
    return this.#memory.subarray(0, bytes.length);
  }
}
