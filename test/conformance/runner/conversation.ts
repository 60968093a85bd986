import type { Role } from "../../../src/protocol/websocket/frame-parser.ts";
import type { RawSocket } from "../../support/raw-socket.ts";
import type { Chop, Item } from "./case.ts";
import { toPayload, pieces } from "./case.ts";
import type { Agreement } from "./deflate.ts";
import { Deflater, Inflater } from "./deflate.ts";
import { Failure } from "./failure.ts";
import { encodeFrame, encodePart, readFrame } from "./wire.ts";

/** What a testee did: a whole message, a control frame, or the end of its stream. */
export type Event =
  | { readonly kind: "text" | "binary"; readonly payload: Uint8Array; readonly isCompressed: boolean }
  | { readonly kind: "ping" | "pong" | "close"; readonly payload: Uint8Array }
  | { readonly kind: "end" };

/**
 * One connection with a testee after its handshake, from the other end: sends items however they shall be cut, and
 * reads what comes back, holding the testee to the rules for senders while it does.
 */
export class Conversation {
  readonly #raw: RawSocket;
  readonly #testee: Role;
  readonly #deflater: Deflater | undefined;
  readonly #inflater: Inflater | undefined;
  /** Messages that came compressed. */
  compressedMessages = 0;

  constructor(raw: RawSocket, testee: Role, agreement: Agreement | undefined) {
    this.#raw = raw;
    this.#testee = testee;
    if (agreement === undefined) return;
    const [ours, theirs] =
      testee === "server" ? [agreement.client, agreement.server] : [agreement.server, agreement.client];
    this.#deflater = new Deflater(ours);
    this.#inflater = new Inflater(theirs);
  }

  async send(items: readonly Item[], chop: Chop): Promise<void> {
    const frames: Uint8Array[] = [];
    for (const item of items) frames.push(...(await this.#encode(item)));
    const isSeparate = typeof chop === "string" || "at" in chop;
    for (const segment of segmentsOf(frames, chop)) {
      await this.#raw.writeSegment(segment);
      if (isSeparate) await peerHasRead();
    }
  }

  /** The next thing the testee did. */
  async next(): Promise<Event> {
    const frame = await readFrame(this.#raw, this.#testee);
    if (frame === undefined) return { kind: "end" };
    const { fin, rsv, opcode, payload } = frame;
    const control = controls[opcode];
    if (control !== undefined) {
      if (rsv !== 0) throw new Failure(`a control frame with the reserved bits ${rsv}`);
      return { kind: control, payload };
    }
    if (opcode !== 1 && opcode !== 2) throw new Failure(`a frame with opcode ${opcode} between messages`);
    const isCompressed = rsv === 4 && this.#inflater !== undefined;
    if (rsv !== 0 && !isCompressed) throw new Failure(`a frame with the reserved bits ${rsv}`);
    const whole = fin ? payload : Buffer.concat([payload, ...(await this.#readFragments())]);
    if (isCompressed) this.compressedMessages++;
    return {
      kind: opcode === 1 ? "text" : "binary",
      payload: isCompressed && this.#inflater !== undefined ? await this.#inflater.inflate(whole) : whole,
      isCompressed,
    };
  }

  /** Ends our side of the stream. */
  end(): void {
    this.#raw.end();
  }

  /** Gives everything back. */
  destroy(): void {
    this.#raw.socket.destroy();
    this.#deflater?.close();
    this.#inflater?.close();
  }

  /** The fragments after the first one. A testee need not send control frames between them, and ours does not. */
  async #readFragments(): Promise<Uint8Array[]> {
    const payloads: Uint8Array[] = [];
    for (;;) {
      const frame = await readFrame(this.#raw, this.#testee);
      if (frame === undefined) throw new Failure("the stream ended inside a message");
      if (frame.opcode !== 0 || frame.rsv !== 0) throw new Failure("a fragment was expected");
      payloads.push(frame.payload);
      if (frame.fin) return payloads;
    }
  }

  /** The frames of an item, each in its own bytes. */
  async #encode(item: Item): Promise<Uint8Array[]> {
    if (item instanceof Uint8Array) return [item];
    if ("part" in item) return [encodePart(this.#testee, item)];
    if (!("deflate" in item)) return [encodeFrame(this.#testee, item)];
    const isCompressed = this.#deflater !== undefined;
    const payload = (await this.#deflater?.deflate(toPayload(item.deflate))) ?? toPayload(item.deflate);
    const parts = pieces(payload, item.fragmentBytes ?? Number.POSITIVE_INFINITY);
    return parts.map((part, index) =>
      encodeFrame(this.#testee, {
        opcode: index === 0 ? item.opcode : 0,
        // RFC 7692 §6: the bit stands on the first frame of a message.
        rsv: isCompressed && index === 0 ? 4 : 0,
        fin: index === parts.length - 1,
        payload: part,
      }),
    );
  }
}

/**
 * Resolves when the testee has read what was written. It runs in this process, and the loopback interface has delivered
 * before the write returned: so its socket is readable in the next poll phase of our common event loop. The first turn
 * may end in the loop's present iteration, after its poll phase; the second one has a poll phase before it. The test of
 * this file counts the reads.
 */
export async function peerHasRead(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

const controls: Readonly<Record<number, "ping" | "pong" | "close">> = { 8: "close", 9: "ping", 10: "pong" };

/** Cuts frames into segments. An empty segment is none. */
function segmentsOf(frames: readonly Uint8Array[], chop: Chop): readonly Uint8Array[] {
  if (chop === "frames") return frames;
  const bytes = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
  if (bytes.length === 0) return [];
  if (chop === "whole") return [bytes];
  if (chop === "bytes") return pieces(bytes, 1);
  if ("every" in chop) return pieces(bytes, chop.every);
  return [bytes.subarray(0, chop.at), bytes.subarray(chop.at)].filter(({ length }) => length > 0);
}
