import assert from "node:assert/strict";
import { parseExtensions } from "../../src/protocol/http/field-values.ts";
import { resolveCompression } from "../../src/protocol/websocket/compression-options.ts";
import type { CompressionOptions } from "../../src/protocol/websocket/compression-options.ts";
import { checkAgreed, formatOffer } from "../../src/protocol/websocket/permessage-deflate.ts";
import type { RawFrame } from "../../src/testing/index.ts";
import { encodeRawFrame } from "../../src/testing/index.ts";
import { createMessageCodec } from "../../src/transport/deflate-codec.ts";
import type { RawSocket } from "./raw-socket.ts";
import { handshake } from "./raw-socket.ts";
import { RecordedConnection } from "./recording.ts";

/** A client that agrees on compression, and shows how each message came. */
export class CompressingClient {
  readonly raw: RawSocket;
  /** The server's Sec-WebSocket-Extensions. */
  readonly answer: string | undefined;
  readonly #connection: RecordedConnection;

  /** Offers what `options` say; without them no compression. */
  static async connect(
    connectRaw: () => Promise<RawSocket>,
    options?: CompressionOptions,
  ): Promise<CompressingClient> {
    const resolved = options && resolveCompression({ thresholdBytes: 0, ...options }, "client", "client");
    const raw = await connectRaw();
    raw.write(
      handshake({ "Sec-WebSocket-Extensions": resolved === undefined ? null : formatOffer(resolved) }),
    );
    const { status, headers } = await raw.response();
    assert.equal(status, 101);
    const answer = headers["sec-websocket-extensions"]?.join(", ");
    const agreed = checkAgreed(parseExtensions(answer ?? "") ?? [], resolved);
    if ("problem" in agreed) assert.fail(agreed.problem);
    const codec = agreed.parameters && resolved && createMessageCodec("client", agreed.parameters, resolved);
    return new CompressingClient(raw, answer, new RecordedConnection("client", { codec, maxMessageBytes: 1 << 28 })); // prettier-ignore
  }

  private constructor(raw: RawSocket, answer: string | undefined, connection: RecordedConnection) {
    this.raw = raw;
    this.answer = answer;
    this.#connection = connection;
  }

  /** The next frame's message, and whether it was compressed: `text Hello`, `compressed text Hello`. */
  async next(): Promise<string> {
    const { first, payload } = await this.raw.frameWithBits();
    const frame: RawFrame = { opcode: first & 0x0f, rsv: (first >> 4) & 7, payload, mask: null };
    this.#connection.receive(encodeRawFrame(frame));
    const [event = ""] = this.#connection.takeEvents();
    return (first & 0x40) === 0 ? event : `compressed ${event}`;
  }

  /** Sends a text, compressed where that was agreed on. */
  send(text: string): void {
    this.#connection.connection.sendText(text);
    this.raw.write(this.#connection.takeBytes());
  }
}
