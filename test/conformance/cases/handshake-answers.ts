/** Answers to a handshake as a client gets them (RFC 6455 §4.1, RFC 7692 §7.1). */
import { text } from "../runner/case.ts";
import type { AnswerCase } from "../runner/handshake-case.ts";
import { encodeFrame } from "../runner/wire.ts";

const section = "6455 §4.1";

function opened(id: string, title: string, more: Partial<AnswerCase> = {}): AnswerCase {
  return { id, title, section, outcome: "opened", ...more };
}

function failed(id: string, title: string, more: Partial<AnswerCase> = {}): AnswerCase {
  return { id, title, section, outcome: "failed", ...more };
}

const basics: readonly AnswerCase[] = [
  opened("A.1.1", "a right answer"),
  opened("A.1.2", "a right answer byte by byte", { isBytewise: true }),
  opened("A.1.3", "values in other cases", { fields: { Upgrade: "WebSocket", Connection: "upgrade" } }),
  opened("A.1.4", "Connection with several tokens", { fields: { Connection: "keep-alive, Upgrade" } }),
  opened("A.1.5", "fields nobody knows", { fields: { "X-Unknown": "1", Server: "x" } }),
  opened("A.1.6", "another reason behind the status", {
    statusLine: "HTTP/1.1 101 Web Socket Protocol Handshake",
  }),
  opened("A.1.7", "a frame in the segment of the answer", {
    frames: encodeFrame("client", text("early")),
    frameText: "early",
  }),
  failed("A.2.1", "a wrong accept", { fields: { "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" } }),
  failed("A.2.2", "no accept", { fields: { "Sec-WebSocket-Accept": null } }),
  failed("A.2.3", "no Upgrade", {
    fields: { Upgrade: null },
    statusLine: "HTTP/1.1 101 Switching Protocols",
  }),
  failed("A.2.4", "another Upgrade", { fields: { Upgrade: "h2c" } }),
  failed("A.2.5", "no Connection", { fields: { Connection: null }, statusLine: "HTTP/1.1 101 Switching Protocols" }), // prettier-ignore
  failed("A.2.6", "a subprotocol nobody asked for", { fields: { "Sec-WebSocket-Protocol": "chat" } }),
  failed("A.2.7", "an extension nobody offered", {
    fields: { "Sec-WebSocket-Extensions": "x-unknown" },
    section: "6455 §9.1",
  }),
  failed("A.2.8", "permessage-deflate, which was not offered", {
    fields: { "Sec-WebSocket-Extensions": "permessage-deflate" },
    section: "7692 §5",
  }),
  ...[
    "200 OK",
    "301 Moved Permanently",
    "400 Bad Request",
    "401 Unauthorized",
    "403 Forbidden",
    "426 Upgrade Required",
    "503 Service Unavailable",
  ].map(
    // prettier-ignore
    (status, index) =>
      failed(`A.3.${index + 1}`, `the status ${status}`, {
        statusLine: `HTTP/1.1 ${status}`,
        fields: {
          Upgrade: null,
          Connection: "close",
          "Sec-WebSocket-Accept": null,
          "Content-Length": "0",
          ...(status.startsWith("301") ? { Location: "ws://127.0.0.1:1/" } : {}),
        },
      }),
  ),
];

/** Answers to a client that offers permessage-deflate, and whether it may go on. */
const agreements: readonly (readonly [answer: string, isRight: boolean])[] = [
  ["permessage-deflate", true],
  ["permessage-deflate; server_no_context_takeover", true],
  ["permessage-deflate; client_no_context_takeover", true],
  ["permessage-deflate; server_max_window_bits=10", true],
  ['permessage-deflate; server_max_window_bits="9"', true],
  [
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8",
    true,
  ],
  ["permessage-deflate; unknown", false],
  ["permessage-deflate; server_no_context_takeover; server_no_context_takeover", false],
  ["permessage-deflate; server_no_context_takeover=1", false],
  ["permessage-deflate; client_no_context_takeover=1", false],
  ["permessage-deflate; server_max_window_bits", false],
  ["permessage-deflate; server_max_window_bits=7", false],
  ["permessage-deflate; server_max_window_bits=16", false],
  ["permessage-deflate; server_max_window_bits=010", false],
  ["permessage-deflate; client_max_window_bits", false],
  ["permessage-deflate; client_max_window_bits=7", false],
  ["permessage-deflate; client_max_window_bits=16", false],
  ["permessage-deflate, permessage-deflate", false],
  ["x-unknown", false],
  ["permessage-deflate, x-unknown", false],
  ["permessage-deflate; =", false],
];

const negotiations: readonly AnswerCase[] = [
  ...agreements.map(([answer, isRight], index): AnswerCase => ({
    id: `A.4.${index + 1}`,
    title: `the answer ${answer}`,
    section: "7692 §7.1",
    endpoint: "deflate",
    fields: { "Sec-WebSocket-Extensions": answer },
    outcome: isRight ? "opened" : "failed",
  })),
  opened("A.4.a.1", "no extension, although it was offered", { endpoint: "deflate", section: "7692 §5" }),
];

export const answerCases: readonly AnswerCase[] = [...basics, ...negotiations];
