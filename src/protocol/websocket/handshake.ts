import { hash } from "node:crypto";
import type { Problem } from "../../base/errors.ts";
import { describe } from "../../base/errors.ts";
import { quote } from "../../base/text.ts";
import type { HeaderFields } from "../http/header-fields.ts";
import { fieldValue } from "../http/header-fields.ts";
import type { ExtensionOffer } from "../http/field-values.ts";
import { isToken, listIncludes, listMembers, parseExtensions } from "../http/field-values.ts";

/** What the handshake needs to know of a request. */
export interface HandshakeRequest {
  readonly method: string;
  /** As in the request line: `1.1`. */
  readonly httpVersion: string;
  readonly headers: HeaderFields;
}

/** What a client offers in a handshake that is right by itself. */
export interface HandshakeOffer {
  readonly key: string;
  readonly subprotocols: readonly string[];
  readonly extensions: readonly ExtensionOffer[];
}

/** RFC 6455 §1.3: appended to the key before hashing, so that nothing but a WebSocket server gives the answer. */
const acceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC 6455 §4.2.2). */
export function acceptFor(key: string): string {
  return hash("sha1", key + acceptGuid, "base64");
}

/** Checks a client's handshake (RFC 6455 §4.2.1), all but Host and Origin: a problem, or what the client offers. */
export function checkHandshake(request: HandshakeRequest): Problem | HandshakeOffer {
  const field = (name: string): string | undefined => fieldValue(request.headers, name);
  if (request.method !== "GET") return describe("WS_METHOD_NOT_ALLOWED", { method: quote(request.method) });
  if (request.httpVersion !== "1.1") return describe("WS_HTTP_VERSION", { version: request.httpVersion });
  if (!listIncludes(field("upgrade"), "websocket")) {
    return describe("WS_UPGRADE_REQUIRED", { upgrade: quote(field("upgrade")) });
  }
  if (!listIncludes(field("connection"), "upgrade")) {
    return describe("WS_CONNECTION_INVALID", { connection: quote(field("connection")) });
  }
  if (field("sec-websocket-version") !== "13") {
    return describe("WS_VERSION_UNSUPPORTED", { version: quote(field("sec-websocket-version")) });
  }
  const key = field("sec-websocket-key");
  if (key === undefined || !isKey(key)) return describe("WS_KEY_INVALID", { key: quote(key) });
  // Bytes after the header fields would otherwise be taken for frames, or frames for a body.
  const length = field("content-length");
  if (length !== undefined && length !== "0")
    return describe("WS_BODY_NOT_ALLOWED", { header: `Content-Length ${quote(length)}` });
  const coding = field("transfer-encoding");
  if (coding !== undefined)
    return describe("WS_BODY_NOT_ALLOWED", { header: `Transfer-Encoding ${quote(coding)}` });
  return checkOffers(key, field("sec-websocket-protocol"), field("sec-websocket-extensions"));
}

function checkOffers(
  key: string,
  protocolField: string | undefined,
  extensionsField: string | undefined,
): Problem | HandshakeOffer {
  const subprotocols = listMembers(protocolField);
  // RFC 6455 §4.1: tokens, all different.
  if (!subprotocols.every(isToken) || new Set(subprotocols).size !== subprotocols.length) {
    return describe("WS_SUBPROTOCOL_INVALID", { value: quote(protocolField) });
  }
  const extensions = parseExtensions(extensionsField);
  if (extensions === undefined) return describe("WS_EXTENSIONS_INVALID", { value: quote(extensionsField) });
  return { key, subprotocols, extensions };
}

/** 16 bytes are 22 characters of base64 and two of padding; the last character has 4 unused bits, which must be 0. */
function isKey(key: string): boolean {
  return /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key);
}

/** A server's answer, as a client sees it. */
export interface HandshakeResponse {
  readonly status: number;
  readonly headers: HeaderFields;
}

/** What a right answer agrees on. */
export interface HandshakeAgreement {
  /** Empty for none. */
  readonly subprotocol: string;
  /** As they came: whether they were offered, and with these parameters, is for `checkAgreed` to judge. */
  readonly extensions: readonly ExtensionOffer[];
}

/**
 * Checks a server's answer (RFC 6455 §4.1, second half). Returns what is wrong with it, as the end of a sentence, or
 * what was agreed on.
 */
export function checkHandshakeResponse(
  response: HandshakeResponse,
  key: string,
  offeredSubprotocols: readonly string[],
): { readonly problem: string } | HandshakeAgreement {
  const field = (name: string): string | undefined => fieldValue(response.headers, name);
  if (response.status !== 101) return { problem: `the status is ${response.status}, not 101` };
  if (field("upgrade")?.toLowerCase() !== "websocket")
    return { problem: `Upgrade is ${quote(field("upgrade"))}` };
  if (!listIncludes(field("connection"), "upgrade"))
    return { problem: `Connection is ${quote(field("connection"))}` };
  if (field("sec-websocket-accept") !== acceptFor(key))
    return { problem: "Sec-WebSocket-Accept does not fit the key" };
  const subprotocol = field("sec-websocket-protocol") ?? "";
  if (subprotocol !== "" && !offeredSubprotocols.includes(subprotocol)) {
    return { problem: `subprotocol ${quote(subprotocol)} was not offered` };
  }
  const extensions = parseExtensions(field("sec-websocket-extensions"));
  if (extensions === undefined)
    return { problem: `Sec-WebSocket-Extensions is ${quote(field("sec-websocket-extensions"))}` };
  return { subprotocol, extensions };
}
