import { misuse } from "../base/errors.ts";

/** Pings that may wait for an answer at a time; a program that never looks at them would otherwise fill the memory. */
export const pendingPingsMax = 64;

interface PendingPing {
  readonly payload: string;
  resolve(): void;
  reject(error: Error): void;
}

/** The pings that a program has sent and that have not been answered. */
export class PendingPings {
  #pings: PendingPing[] = [];
  #count = 0;

  /** A payload that no other ping has, for those that were given none: the heartbeat's pings have an empty one. */
  createPayload(): Uint8Array {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(this.#count++ >>> 0);
    return payload;
  }

  /** Sends a ping by `send`; resolves when its pong comes. */
  add(payload: Uint8Array, send: () => void): Promise<void> {
    if (this.#pings.length >= pendingPingsMax) {
      return Promise.reject(misuse("PINGS_UNANSWERED", { limit: pendingPingsMax }));
    }
    return new Promise((resolve, reject) => {
      this.#pings.push({ payload: keyOf(payload), resolve, reject });
      send();
    });
  }

  /** RFC 6455 §5.5.3: a pong may answer the latest ping alone, so those before it have been answered, too. */
  receivePong(payload: Uint8Array): void {
    const key = keyOf(payload);
    const index = this.#pings.findIndex((ping) => ping.payload === key);
    for (const ping of this.#pings.splice(0, index + 1)) ping.resolve();
  }

  /** There will be no more pongs. */
  end(error: Error): void {
    const pings = this.#pings;
    this.#pings = [];
    for (const ping of pings) ping.reject(error);
  }
}

function keyOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("latin1");
}
