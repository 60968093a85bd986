/** Handshakes as a server gets them (RFC 6455 §4.2.1, RFC 7692 §7.1). */
import { text } from "../runner/case.ts";
import type { RequestCase } from "../runner/handshake-case.ts";
import { encodeFrame } from "../runner/wire.ts";

const section = "6455 §4.2.1";
const refused = [400, 403, 404, 405, 426, 431, 505];

function accepted(id: string, title: string, more: Partial<RequestCase> = {}): RequestCase {
  return { id, title, section, statuses: [101], ...more };
}

function rejected(id: string, title: string, more: Partial<RequestCase> = {}): RequestCase {
  return { id, title, section, statuses: refused, ...more };
}

const accepts: readonly RequestCase[] = [
  accepted("H.1.1", "a right request"),
  accepted("H.1.2", "a right request byte by byte", { isBytewise: true }),
  accepted("H.1.3", "names and tokens in other cases", {
    fields: { Upgrade: "WebSocket", Connection: "UPGRADE" },
  }),
  accepted("H.1.4", "Connection with several tokens", { fields: { Connection: "keep-alive, Upgrade" } }),
  accepted("H.1.5", "Connection in two fields", { fields: { Connection: ["keep-alive", "Upgrade"] } }),
  accepted("H.1.6", "a query in the target", { requestLine: "GET /ws?a=b&c=%20 HTTP/1.1" }),
  accepted("H.1.7", "fields nobody knows", {
    fields: { "X-Unknown": "1", Cookie: "a=b", "User-Agent": "x" },
  }),
  accepted("H.1.8", "subprotocols of which the server chooses none", {
    fields: { "Sec-WebSocket-Protocol": "chat, superchat" },
    answer: { "sec-websocket-protocol": null },
    section: "6455 §4.2.2",
  }),
  accepted("H.1.9", "extensions nobody knows", {
    fields: { "Sec-WebSocket-Extensions": 'x-unknown; a=1; b="2", x-other' },
    answer: { "sec-websocket-extensions": null },
    section: "6455 §9.1",
  }),
  accepted("H.1.10", "blanks around the values", { fields: { Upgrade: "  websocket  ", "Sec-WebSocket-Version": " 13 " } }), // prettier-ignore
  accepted("H.1.11", "a frame in the segment of the request", {
    frames: encodeFrame("server", text("early")),
    frameText: "early",
    open: "RFC 6455 §4.1 lets a client send only after the answer; many servers take what comes before",
  }),
];

const rejects: readonly RequestCase[] = [
  rejected("H.2.1", "another version", {
    fields: { "Sec-WebSocket-Version": "8" },
    section: "6455 §4.2.2, §4.4",
    statuses: [400, 426],
    answer: { "sec-websocket-version": "13" },
  }),
  rejected("H.2.2", "no version", { fields: { "Sec-WebSocket-Version": null } }),
  rejected("H.2.3", "no key", { fields: { "Sec-WebSocket-Key": null } }),
  rejected("H.2.4", "an empty key", { fields: { "Sec-WebSocket-Key": "" } }),
  rejected("H.2.5", "a key of 15 bytes", { fields: { "Sec-WebSocket-Key": Buffer.alloc(15).toString("base64") } }), // prettier-ignore
  rejected("H.2.6", "a key of 17 bytes", { fields: { "Sec-WebSocket-Key": Buffer.alloc(17).toString("base64") } }), // prettier-ignore
  rejected("H.2.7", "a key that is not base64", {
    fields: { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j!!==" },
  }),
  rejected("H.2.8", "two keys", {
    fields: { "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="] },
    section: "6455 §11.3.1",
  }),
  rejected("H.2.9", "no Upgrade", { fields: { Upgrade: null } }),
  rejected("H.2.10", "another Upgrade", { fields: { Upgrade: "h2c" } }),
  rejected("H.2.11", "POST", { requestLine: "POST /ws HTTP/1.1", fields: { "Content-Length": "0" } }),
  rejected("H.2.12", "HTTP/1.0", { requestLine: "GET /ws HTTP/1.0" }),
  rejected("H.2.13", "no Host", { fields: { Host: null } }),
  rejected("H.2.14", "an empty subprotocol", { fields: { "Sec-WebSocket-Protocol": "chat,, superchat" }, section: "6455 §4.1", open: "RFC 9110 §5.6.1 lets recipients ignore empty members of a list" }), // prettier-ignore
  rejected("H.2.15", "a subprotocol twice", { fields: { "Sec-WebSocket-Protocol": "chat, chat" }, section: "6455 §4.1" }), // prettier-ignore
  rejected("H.2.16", "a subprotocol that is no token", { fields: { "Sec-WebSocket-Protocol": "cha t" }, section: "6455 §4.1" }), // prettier-ignore
  rejected("H.2.17", "extensions that are no list of tokens", { fields: { "Sec-WebSocket-Extensions": "a; =1" }, section: "6455 §9.1" }), // prettier-ignore
];

/** Offers of permessage-deflate, each with whether it has to lead to compression. */
const offers: readonly (readonly [offer: string, isDeflated: boolean])[] = [
  ["permessage-deflate", true],
  ["permessage-deflate; server_no_context_takeover", true],
  ["permessage-deflate; client_no_context_takeover", true],
  ["permessage-deflate;server_max_window_bits=10;client_max_window_bits", true],
  ['permessage-deflate; server_max_window_bits="10"', true],
  ["permessage-deflate ; client_max_window_bits = 10", true],
  ["x-unknown, permessage-deflate", true],
  ["permessage-deflate; unknown, permessage-deflate", true],
  ["permessage-deflate; server_max_window_bits=16, permessage-deflate; client_max_window_bits", true],
  ["permessage-deflate; unknown", false],
  ["permessage-deflate; server_no_context_takeover; server_no_context_takeover", false],
  ["permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", false],
  ["permessage-deflate; client_max_window_bits; client_max_window_bits=10", false],
  ["permessage-deflate; server_no_context_takeover=1", false],
  ["permessage-deflate; client_no_context_takeover=true", false],
  ["permessage-deflate; server_max_window_bits", false],
  ["permessage-deflate; server_max_window_bits=7", false],
  ["permessage-deflate; server_max_window_bits=16", false],
  ["permessage-deflate; server_max_window_bits=08", false],
  ["permessage-deflate; server_max_window_bits=x", false],
  ["permessage-deflate; client_max_window_bits=7", false],
  ["permessage-deflate; client_max_window_bits=16", false],
  ["permessage-deflate; client_max_window_bits=1e1", false],
  ["x-webkit-deflate-frame", false],
  ["permessage-deflates", false],
];

const negotiations: readonly RequestCase[] = [
  ...offers.map(([offer, isDeflated], index) =>
    accepted(`H.3.${index + 1}`, `the offer ${offer}`, {
      endpoint: "deflate",
      section: "7692 §7.1",
      fields: { "Sec-WebSocket-Extensions": offer },
      isDeflated,
    }),
  ),
  accepted("H.3.a.1", "two offers in two fields", {
    endpoint: "deflate",
    section: "6455 §9.1",
    fields: { "Sec-WebSocket-Extensions": ["x-unknown", "permessage-deflate"] },
    isDeflated: true,
  }),
  accepted("H.3.a.2", "no offer", { endpoint: "deflate", section: "7692 §5", isDeflated: false }),
  accepted("H.3.a.3", "an offer to a server without compression", {
    section: "7692 §5",
    fields: { "Sec-WebSocket-Extensions": "permessage-deflate" },
    isDeflated: false,
  }),
];

/** A request may be cut behind every one of its bytes. */
const cuts: readonly RequestCase[] = [
  accepted("H.4.1", "a request with offers byte by byte", {
    endpoint: "deflate",
    fields: { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" },
    isBytewise: true,
    isDeflated: true,
  }),
];

export const requestCases: readonly RequestCase[] = [...accepts, ...rejects, ...negotiations, ...cuts];
