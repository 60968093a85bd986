import type { Role } from "../../../src/protocol/websocket/frame-parser.ts";

/**
 * A mistake to be found: one replacement in the compiled engine. `find` must stand in exactly one file, once; when the
 * engine changes, the test of the mutants says which ones have lost their place.
 */
export interface Mutant {
  readonly name: string;
  /** Which testee it is served by. */
  readonly role: Role;
  readonly find: string;
  readonly replace: string;
  /** The cases that are run; at least one has to fail. */
  readonly cases: RegExp;
}

function mutant(name: string, cases: RegExp, find: string, replace: string, role: Role = "server"): Mutant {
  return { name, role, find, replace, cases };
}

/** The engine without the problem of this code, which is easier to find again than the condition around it. */
function without(code: string, cases: RegExp): Mutant {
  return mutant(`${code} is not noticed`, cases, `describe("${code}", {})`, "undefined");
}

const textRules: readonly Mutant[] = [
  mutant(
    "a text in one frame is not checked",
    /^6\.(3|8|10|13)\./,
    "&& !isUtf8(bytes.subarray(start, end))",
    "&& false",
  ),
  mutant("the first byte of a character is not checked", /^6\.[fg]\./, "byte < 0xc2 || byte > 0xf4", "false"),
  mutant("surrogates are taken in pieces", /^6\.[fg]\./, "this.#upper = 0x9f", "this.#upper = 0xbf"),
  mutant(
    "a text in fragments may end inside a character",
    /^6\.d\./,
    "this.#utf8?.end() ?? true",
    "(this.#utf8?.end(), true)",
  ),
  mutant(
    "a text is judged when it is complete, not before",
    /^6\.(4|f|g)\./,
    "!this.#utf8.receive(bytes, start, end, isAscii)",
    "!this.#utf8.receive(bytes, start, end, isAscii) && isComplete",
  ),
  mutant(
    "text comes back as binary",
    /^1\.1\./,
    "this.output.writeText(Opcode.text, text)",
    "this.output.writeText(Opcode.binary, text)",
  ),
  mutant(
    "binary is taken for text",
    /^1\.[12]\./,
    "if (opcode === Opcode.binary) {",
    "if (opcode !== Opcode.binary) {",
  ),
];

/** Mistakes in what is done to many bytes at once. */
const wordRules: readonly Mutant[] = [
  mutant("the key is not turned to where words begin", /^1\.[1ws]\./, "rotate(turned, unaligned)", "turned"),
  mutant("one byte of a word is not seen to be no ASCII", /^6\.[hi]\./, "seenWords & 0x80_80_80_80", "seenWords & 0x80_80_80_00"), // prettier-ignore
  mutant(
    "every text is taken for ASCII",
    /^6\.[hi]\./,
    "const text = isAscii ? decodeAscii",
    "const text = true ? decodeAscii",
  ),
];

const frameRules: readonly Mutant[] = [
  without("WS_RESERVED_BITS", /^3\./),
  mutant("RSV1 is taken without an extension", /^3\./, "reservedBits & ~allowed", "reservedBits & ~rsv1Bit"),
  mutant(
    "opcodes that are reserved are taken",
    /^4\./,
    `describe("WS_OPCODE_UNKNOWN", { opcode })`,
    "undefined",
  ),
  mutant(
    "frames without a mask are taken",
    /^1\.m\./,
    `describe("WS_MASK_MISSING", {}) : describe("WS_MASK_UNEXPECTED", {})`,
    `undefined : describe("WS_MASK_UNEXPECTED", {})`,
  ),
  mutant(
    "a client takes masked frames",
    /^1\.m\./,
    `describe("WS_MASK_MISSING", {}) : describe("WS_MASK_UNEXPECTED", {})`,
    `describe("WS_MASK_MISSING", {}) : undefined`,
    "client",
  ),
  mutant(
    "a client does not mask",
    /^1\.1\./,
    `role === "client" ? { createMaskKey } : undefined`,
    "undefined",
    "client",
  ),
  mutant(
    "a server masks",
    /^1\.1\./,
    `role === "client" ? { createMaskKey } : undefined`,
    "{ createMaskKey }",
  ),
  mutant(
    "a payload in pieces is unmasked from the key's start",
    /^1\.(s|1)\./,
    "const turned = rotate(key, offset);",
    "const turned = key;",
  ),
  mutant(
    "masks are not taken off",
    /^1\.m\./,
    "this.#isMasked && applyMask(chunk, start, end, this.#maskKey, offset)",
    "false",
  ),
  without("WS_CONTROL_TOO_LONG", /^[27]\./),
  without("WS_CONTROL_FRAGMENTED", /^5\./),
  without("WS_CONTINUATION_UNEXPECTED", /^5\./),
  without("WS_CONTINUATION_EXPECTED", /^5\./),
  mutant("a 16-bit length may be short", /^1\.a\./, "(shortLength === 126 && length < 126)", "false"),
  mutant("a 64-bit length may be short", /^1\.a\./, "(shortLength === 127 && length < 65_536)", "false"),
  mutant("a length may have its highest bit", /^1\.a\./, "isNegative || ", ""),
  mutant(
    "lengths of 126 are sent in 7 bits",
    /^1\.[12]\./,
    "return payloadLength < 126 ? 2",
    "return payloadLength < 127 ? 2",
  ),
  mutant("empty frames are lost", /^[12]\.[1s]/, "length === 0 && !this.#isStopped", "false"),
  mutant("a header that was cut is not forgotten", /^1\.s\./, "this.#headerLength = 0;", ""),
  mutant(
    "a continuation changes the kind of its message",
    /^5\./,
    "this.#isLastFrame = fin;",
    "this.#isLastFrame = fin; this.#opcode = opcode || 2;",
  ),
  mutant("a message may be of any size", /^9\.a\./, "payloadLength <= allowed", "payloadLength <= Infinity"),
  mutant(
    "a message of the limit is refused",
    /^9\.a\./,
    "payloadLength <= allowed",
    "payloadLength < allowed",
  ),
];

const controlRules: readonly Mutant[] = [
  mutant("pings are not answered", /^2\./, "this.output.writeBytes(Opcode.pong, payload);", ""),
  mutant(
    "pongs are empty",
    /^2\./,
    "this.output.writeBytes(Opcode.pong, payload);",
    "this.output.writeBytes(Opcode.pong, noBytes);",
  ),
  mutant(
    "a ping is answered by a ping",
    /^2\./,
    "this.output.writeBytes(Opcode.pong, payload);",
    "this.output.writeBytes(Opcode.ping, payload);",
  ),
  mutant(
    "a pong is answered",
    /^2\./,
    "this.#events.receivePong(payload);",
    "this.output.writeBytes(Opcode.pong, payload);",
  ),
  mutant("close is not answered", /^7\./, `this.#writeClose(code, "");`, ""),
  mutant(
    "every close is answered with 1000",
    /^7\./,
    `this.#writeClose(code, "");`,
    `this.#writeClose(1000, "");`,
  ),
  mutant("a close frame may have any code", /^7\.9\./, "!isSendableCloseCode(code)", "false"),
  mutant("a close frame may have one byte", /^7\.c\./, "if (payload.length === 1)", "if (false)"),
  mutant("the reason of a close frame is not checked", /^7\.[5c]\./, "isUtf8(payload.subarray(2))", "true"),
  mutant("what comes behind the end is still read", /^(3|4|7)\./, "this.#parser.stop();", ""),
  mutant(
    "invalid text is closed with the wrong code",
    /^6\.3\./,
    "WS_TEXT_INVALID: { closeCode: 1007",
    "WS_TEXT_INVALID: { closeCode: 1002",
  ),
  mutant(
    "a message too big is closed with the wrong code",
    /^9\.a\./,
    "WS_MESSAGE_TOO_BIG: {\n        closeCode: 1009",
    "WS_MESSAGE_TOO_BIG: {\n        closeCode: 1008",
  ),
  mutant(
    "the connection is not ended after the close frame",
    /^7\.1\.1$/,
    `this.#connection.state === "closed")\n            this.#stream.end();`,
    `this.#connection.state === "closed")\n            ;`,
  ),
];

const handshakeRules: readonly Mutant[] = [
  mutant(
    "the accept value is made with another GUID",
    /^H\.1\.1$/,
    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
    "258EAFA5-E914-47DA-95CA-C5AB0DC85B12",
  ),
  mutant("any version is taken", /^H\.2\./, `field("sec-websocket-version") !== "13"`, "false"),
  mutant("any key is taken", /^H\.2\./, "key === undefined || !isKey(key)", "key === undefined"),
  mutant(
    "a client takes any accept value",
    /^A\.2\./,
    `field("sec-websocket-accept") !== acceptFor(key)`,
    "false",
    "client",
  ),
  mutant(
    "a client takes a subprotocol it did not ask for",
    /^A\.2\./,
    `subprotocol !== "" && !offeredSubprotocols.includes(subprotocol)`,
    "false",
    "client",
  ),
  mutant(
    "a client takes an extension it did not offer",
    /^A\.2\./,
    "if (foreign !== undefined || options === undefined) {",
    "if (foreign !== undefined || options === undefined) { return { parameters: undefined };",
    "client",
  ),
];

const deflateRules: readonly Mutant[] = [
  mutant("RSV1 may stand on a continuation", /^13\.c\./, "opcode !== 0 && !isControl(opcode) ?", "!isControl(opcode) ?"), // prettier-ignore
  mutant("RSV1 may stand on a control frame", /^13\.c\./, "opcode !== 0 && !isControl(opcode) ?", "opcode !== 0 ?"), // prettier-ignore
  mutant("inflation has no limit", /^13\.e\./, "codec?.decompress(payload, maxMessageBytes)", "codec?.decompress(payload, 2 ** 24)"), // prettier-ignore
  mutant("broken data is an empty message", /^13\.d\./, `describe("WS_DEFLATE_INVALID", {})`, "undefined"),
  mutant("an uncompressed message is inflated", /^13\.b\./, "this.#isCompressed = isCompressed;", "this.#isCompressed = this.#codec !== undefined;"), // prettier-ignore
  mutant("compressed messages come without RSV1", /^12\.1\./, "this.output.writeCompressed(opcode, compressed)", "this.output.writeBytes(opcode, compressed)"), // prettier-ignore
  mutant("server_no_context_takeover is not granted", /^13\.[2p]\./, "given.server_no_context_takeover ?? options.serverNoContextTakeover", "options.serverNoContextTakeover"), // prettier-ignore
  mutant("server_max_window_bits is not granted", /^13\.[3p]\./, "Math.min(given.server_max_window_bits ?? windowBitsMost, options", "Math.min(windowBitsMost, options"), // prettier-ignore
  mutant(
    "unknown parameters are taken",
    /^H\.3\./,
    "return `parameter ${quote(name)} is unknown`;",
    "break;",
  ),
  mutant("repeated parameters are taken", /^H\.3\./, "Object.hasOwn(given, name)", "false"),
  mutant("any window is taken", /^H\.3\./, "(?:[89]|1[0-5])", "[0-9]+"),
  mutant(
    "a client is bound that did not offer it",
    /^13\.q\./,
    "offeredClientBits === undefined\n            ? windowBitsMost",
    "offeredClientBits === undefined\n            ? options.clientMaxWindowBits",
  ),
];

export const mutants: readonly Mutant[] = [
  ...textRules,
  ...wordRules,
  ...frameRules,
  ...controlRules,
  ...handshakeRules,
  ...deflateRules,
];
