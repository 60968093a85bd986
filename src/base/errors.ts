/**
 * Every way in which Waterspout says no, in one table.
 *
 * A code is what programs match on; the sentence is for people. `status` is the HTTP status of a refused request,
 * `closeCode` the WebSocket close code (RFC 6455 §7.4) of a failed connection; an entry with neither is a mistake in
 * the program that uses Waterspout and is thrown. `message` and `advice` say everything and go to the log (and to the
 * peer in debug mode); `publicMessage` is what a peer may read in production. `<name>` is filled in where the error
 * arises. docs/errors.md lists the same table, and a test keeps the two equal.
 */

interface ErrorEntry {
  readonly status?: number;
  readonly closeCode?: number;
  readonly message: string;
  readonly advice?: string;
  readonly publicMessage?: string;
}

const table = {
  // The request, before any handler.
  REQUEST_MALFORMED: {
    status: 400,
    message: "the bytes received are not an HTTP/1.1 request: <reason>",
    publicMessage: "The request is malformed.",
  },
  REQUEST_TARGET_INVALID: {
    status: 400,
    message: 'the request target must be a path ("/url") or an http(s) URL, got <target>',
    publicMessage: "The request target is malformed.",
  },
  TARGET_TOO_LONG: {
    status: 414,
    message: "the request target has <got>, at most <limit> bytes are allowed",
    advice: "To allow more: http: { maxTargetBytes }.",
    publicMessage: "The URL is too long.",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    message:
      "the request was not complete in time: <headers> ms for its header fields, <whole> ms for all of it",
    advice: "To allow more time: http: { headersTimeoutMs, requestTimeoutMs }.",
    publicMessage: "The request took too long to arrive.",
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    message: "the request line and header fields exceed <limit> bytes",
    advice: "To allow more: http: { maxHeaderBytes }.",
    publicMessage: "The header fields are too large.",
  },
  HEADERS_TOO_MANY: {
    status: 431,
    message: "the request has <count> header fields, at most <limit> are allowed",
    advice: "To allow more: http: { maxHeaders }.",
    publicMessage: "There are too many header fields.",
  },
  EXPECTATION_FAILED: {
    status: 417,
    message: "the only expectation that can be met is 100-continue, got <expect>",
    publicMessage: "The expectation cannot be met.",
  },
  HOST_INVALID: {
    status: 400,
    message:
      'there must be one Host header with a host and optionally a port ("example.com:8080"), got <host>',
    publicMessage: "The Host header is missing or malformed.",
  },
  HOST_REFUSED: {
    status: 403,
    message: "Host <host> is not served here (allowed: <allowed>)",
    advice: 'To allow it: new Application(routes, { allowedHosts: ["<hostname>"] }).',
    publicMessage: "This host name is not served here.",
  },
  PATH_ENCODING_INVALID: {
    status: 400,
    message: "<value> is not percent-encoded UTF-8",
    publicMessage: "The path is not percent-encoded UTF-8.",
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    message: "no route matches <path>",
    publicMessage: "There is nothing here.",
  },
  FILE_NOT_FOUND: {
    status: 404,
    message: "no file is at <path>",
    publicMessage: "There is nothing here.",
  },
  FILE_REFUSED: {
    status: 404,
    message: "the file at <path> is not served: <reason>",
    publicMessage: "There is nothing here.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    message: "<method> is not implemented by <handler>, which allows <allowed>",
    publicMessage: "This method is not allowed here.",
  },
  ARGUMENT_MISSING: {
    status: 400,
    message: "the <where> argument <name> is missing",
    publicMessage: "An argument is missing.",
  },
  ARGUMENT_INVALID: {
    status: 400,
    message: "the query argument <name> is not percent-encoded UTF-8",
    publicMessage: "A query argument is malformed.",
  },
  XSRF_REFUSED: {
    status: 403,
    message: "<method> <path> is not shown to come from a page of this site: <reason>",
    advice: "To allow it: <how>.",
    publicMessage: "The request is not shown to come from a page of this site.",
  },
  LOGIN_REQUIRED: {
    status: 403,
    message: "<handler> serves users only, and nobody is logged in",
    advice: "To have GET and HEAD send their visitors to log in: the setting loginUrl.",
    publicMessage: "You have to log in first.",
  },
  BODY_TOO_LARGE: {
    status: 413,
    message: "the body of the request is longer than <limit> bytes",
    advice: "To allow more: <setting>.",
    publicMessage: "The body is too large.",
  },
  BODY_ABORTED: {
    status: 400,
    message: "the body of the request ended before it was complete, after <received> bytes",
    publicMessage: "The body is not complete.",
  },
  BODY_TIMEOUT: {
    status: 408,
    message: "nothing more of the body came for <limit> ms, after <received> bytes",
    advice: "To allow more time: http: { bodyTimeoutMs }.",
    publicMessage: "The body took too long to arrive.",
  },
  CONTENT_TYPE_REFUSED: {
    status: 415,
    message: "the body must be <expected>, got the Content-Type <type>",
    publicMessage: "The Content-Type is not one that is expected here.",
  },
  CONTENT_ENCODING_REFUSED: {
    status: 415,
    message: "a body with the Content-Encoding <encoding> is not decoded",
    publicMessage: "The Content-Encoding is not supported.",
  },
  TEXT_INVALID: {
    status: 400,
    message: "the body is not UTF-8",
    publicMessage: "The body is not UTF-8.",
  },
  JSON_INVALID: {
    status: 400,
    message: "the body is not JSON: <reason>",
    publicMessage: "The body is not JSON.",
  },
  SCHEMA_VIOLATED: {
    status: 422,
    message: "the body breaks its schema at <paths>",
    publicMessage: "The body breaks its schema.",
  },
  FORM_INVALID: {
    status: 400,
    message: "the body is not the form that its Content-Type says: <reason>",
    publicMessage: "The form is malformed.",
  },
  FORM_TOO_LARGE: {
    status: 413,
    message: "the form has more than <limit> <what>",
    advice: "To allow more: http: { <setting> }.",
    publicMessage: "The form is too large.",
  },
  STATUS_REFUSED: {
    message: "<handler> answered with status <status>",
    publicMessage: "The request was refused.",
  },
  HANDLER_REFUSED: {
    message: "<handler> refused the request: <reason>",
    publicMessage: "The request was refused.",
  },
  HANDLER_FAILED: {
    status: 500,
    message: "<handler> threw an exception",
    publicMessage: "Something went wrong on the server.",
  },

  // The WebSocket handshake (RFC 6455 §4.2).
  WS_METHOD_NOT_ALLOWED: {
    status: 405,
    message: "a WebSocket handshake is a GET request, got <method>",
    publicMessage: "A WebSocket handshake is a GET request.",
  },
  WS_HTTP_VERSION: {
    status: 400,
    message: "a WebSocket handshake needs HTTP/1.1, got HTTP/<version>",
    advice: "Behind nginx: proxy_http_version 1.1.",
    publicMessage: "A WebSocket handshake needs HTTP/1.1.",
  },
  WS_UPGRADE_REQUIRED: {
    status: 426,
    message: "this path speaks WebSocket: the Upgrade header must name websocket, got <upgrade>",
    advice: "Open it with new WebSocket(…). Behind nginx: proxy_set_header Upgrade $http_upgrade.",
    publicMessage: "This path speaks WebSocket: open it with a WebSocket client.",
  },
  WS_CONNECTION_INVALID: {
    status: 400,
    message: "the Connection header must contain Upgrade, got <connection>",
    advice: 'Behind nginx: proxy_set_header Connection "upgrade".',
    publicMessage: "The Connection header must contain Upgrade.",
  },
  WS_VERSION_UNSUPPORTED: {
    status: 426,
    message: "Sec-WebSocket-Version must be 13, got <version>",
    publicMessage: "Sec-WebSocket-Version must be 13.",
  },
  WS_KEY_INVALID: {
    status: 400,
    message: "Sec-WebSocket-Key must be 16 bytes in base64, got <key>",
    publicMessage: "Sec-WebSocket-Key must be 16 bytes in base64.",
  },
  WS_BODY_NOT_ALLOWED: {
    status: 400,
    message: "a WebSocket handshake has no body, got <header>",
    publicMessage: "A WebSocket handshake has no body.",
  },
  WS_SUBPROTOCOL_INVALID: {
    status: 400,
    message: "Sec-WebSocket-Protocol must be a list of different tokens, got <value>",
    publicMessage: "Sec-WebSocket-Protocol is malformed.",
  },
  WS_EXTENSIONS_INVALID: {
    status: 400,
    message: "Sec-WebSocket-Extensions must be a list of extensions with parameters, got <value>",
    publicMessage: "Sec-WebSocket-Extensions is malformed.",
  },
  WS_NOT_SPOKEN_HERE: {
    status: 400,
    message: "<handler> at this path is no WebSocketHandler, but a WebSocket was asked for",
    advice: "Check the path of new WebSocket(…), or the order of the routes: the first that matches wins.",
    publicMessage: "This path does not speak WebSocket.",
  },
  WS_ORIGIN_REFUSED: {
    status: 403,
    message: "Origin <origin> may not open <url> (same origin is <sameOrigin>)",
    advice: "To allow it: <how>override checkOrigin().",
    publicMessage: "This origin may not open a WebSocket here.",
  },
  WS_LOGIN_REQUIRED: {
    status: 401,
    message: "<handler> serves users only, and nobody is logged in",
    publicMessage: "You have to log in first.",
  },
  WS_SUBPROTOCOL_NOT_OFFERED: {
    status: 500,
    message: "<handler>.selectSubprotocol() returned <selected>, but the client offered <offered>",
    publicMessage: "Something went wrong on the server.",
  },

  // The requests of a session (docs/session-protocol.md).
  WS_TRANSPORT_NOT_ALLOWED: {
    status: 400,
    message: "this route is not reached over <transport> (its transports: <transports>)",
    advice: 'To allow it: the route\'s option transports: ["websocket", "sse", "long-polling", "polling"].',
    publicMessage: "This path is not reached in this way.",
  },
  SESSION_REQUEST_INVALID: {
    status: 400,
    message: "the body is no request of the session protocol: <reason>",
    publicMessage: "The body is no request of the session protocol.",
  },
  SESSION_CONTENT_TYPE: {
    status: 415,
    message: "a request of the session protocol has the Content-Type text/plain, got <type>",
    publicMessage: "The Content-Type must be text/plain.",
  },
  SESSION_UNKNOWN: {
    status: 404,
    message: "there is no such session at this path: it is over, or of another process",
    advice: "Behind a balancer, have all requests of a client go to the same process.",
    publicMessage: "This session is over.",
  },
  SESSIONS_TOO_MANY: {
    status: 503,
    message: "<limit> sessions are open, which is the limit",
    advice: "To allow more: fallback: { maxSessions }.",
    publicMessage: "There are too many connections.",
  },

  // A WebSocket connection that fails (RFC 6455 §7.1.7).
  WS_RESERVED_BITS: {
    closeCode: 1002,
    message: "a frame has a reserved bit set, but no extension was negotiated",
  },
  WS_OPCODE_UNKNOWN: { closeCode: 1002, message: "a frame has the reserved opcode <opcode>" },
  WS_MASK_MISSING: { closeCode: 1002, message: "a frame from the client is not masked" },
  WS_MASK_UNEXPECTED: { closeCode: 1002, message: "a frame from the server is masked" },
  WS_LENGTH_INVALID: {
    closeCode: 1002,
    message: "a frame's length is not in the shortest form, or has 64 bits",
  },
  WS_CONTROL_TOO_LONG: { closeCode: 1002, message: "a control frame has more than 125 bytes" },
  WS_CONTROL_FRAGMENTED: { closeCode: 1002, message: "a control frame is fragmented" },
  WS_CONTINUATION_UNEXPECTED: { closeCode: 1002, message: "a continuation frame continues no message" },
  WS_CONTINUATION_EXPECTED: { closeCode: 1002, message: "a new message began inside a fragmented one" },
  WS_CLOSE_INVALID: {
    closeCode: 1002,
    message: "a close frame must be empty or begin with a code that may be sent, got <got>",
  },
  WS_TEXT_INVALID: { closeCode: 1007, message: "a text message or close reason is not valid UTF-8" },
  WS_MESSAGE_TYPE_REFUSED: { closeCode: 1003, message: "a <got> message came, only <accepted> is accepted" },
  WS_MESSAGE_TOO_BIG: {
    closeCode: 1009,
    message: "a message is longer than <limit> bytes",
    advice: "To allow more: websocket: { maxMessageBytes }; of connect(), maxMessageBytes.",
  },
  WS_DEFLATE_INVALID: { closeCode: 1007, message: "a compressed message is not valid DEFLATE data" },
  WS_HANDLER_FAILED: { closeCode: 1011, message: "the handler threw an exception" },
  HEARTBEAT_TIMEOUT: {
    closeCode: 1001,
    message: "nothing was received for <limit> ms after a ping",
    advice: "To allow more: websocket: { pingTimeoutMs }; of connect(), pingTimeoutMs.",
  },
  SESSION_TIMEOUT: {
    closeCode: 1006,
    message: "no request came for <limit> ms",
    advice: "To allow more: fallback: { sessionTimeoutMs }.",
  },
  SLOW_CONSUMER: {
    closeCode: 1013,
    message: "<buffered> bytes wait to be read by a slow peer, at most <limit> may",
    advice: "To allow more: websocket: { maxSendQueueBytes }; better: await drained() between messages.",
  },
  SERVER_CLOSING: {
    status: 503,
    closeCode: 1001,
    message: "the server is closing",
    publicMessage: "The server is closing.",
  },

  // Mistakes of the program, thrown at once.
  ROUTE_INVALID: { message: "route <route>: <reason>" },
  ROUTE_NAME_UNKNOWN: { message: "no route is named <name> (there are: <names>)" },
  ROUTE_NAME_DUPLICATE: { message: "two routes are named <name>" },
  ROUTE_PARAMS_INVALID: { message: "route <name> cannot be reversed: <reason>" },
  SETTING_UNKNOWN: { message: "there is no setting <name> (there are: <names>)" },
  SETTING_INVALID: { message: "setting <name> must be <expected>, got <value>" },
  SETTING_MISSING: {
    message: "<what> needs the setting <name>",
    advice: "Give it to new Application(routes, { <name> }).",
  },
  TEMPLATES_UNSET: {
    message: "<what> was asked for, but there are no templates",
    advice:
      'Say where they are: new Application(routes, { templatePath: new URL("./templates/", import.meta.url) }).',
  },
  TEMPLATES_UNREADABLE: {
    message: "the templates in <path> cannot be read: <reason>",
    advice: "The setting templatePath says where they are.",
  },
  TEMPLATE_NOT_FOUND: {
    message: "there is no template <name>: looked for <looked>",
    advice:
      "Templates are the files below the setting templatePath that end in .eta or .html; without debug, those that were there when the application first listened.",
  },
  TEMPLATE_INVALID: { message: "template <name>, line <line>, is not valid: <reason>" },
  TEMPLATE_FAILED: { message: "template <name>, line <line>: <reason>" },
  PORT_IN_USE: {
    message: "port <port> on <host> is already in use",
    advice: "Stop the program that has it, or choose another port: listen(0) picks a free one.",
  },
  PORT_FORBIDDEN: {
    message: "port <port> on <host> may not be opened by this user",
    advice: "Choose a port above 1023 and put a proxy before it, or grant the right to bind low ports.",
  },
  ADDRESS_INVALID: {
    message: "cannot listen on host <host>: <reason>",
    advice: "Use an address of this machine, such as 127.0.0.1, or leave host out to listen on all.",
  },
  PORT_INVALID: { message: "a port is a whole number from 0 (any free one) to 65535, got <port>" },
  SOCKET_PATH_IN_USE: {
    message: "cannot listen at <path>: <reason>",
    advice: "Stop the program that has it, or choose another path.",
  },
  SOCKET_PATH_INVALID: { message: "cannot listen at <path>: <reason>" },
  LISTEN_FAILED: { message: "cannot listen on port <port> of <host>: <reason>" },
  TLS_NOT_SPOKEN: {
    message: "this server has no certificate that could be replaced: it speaks no TLS",
    advice: "To speak it: app.listen(port, { tls: { key, cert } }).",
  },
  HEADER_INVALID: { message: "header <name> cannot be set: <reason>" },
  COOKIE_INVALID: { message: "cookie <name> cannot be set: <reason>" },
  HEADERS_SENT: { message: "<what> is too late: the response headers have been sent" },
  CLIENT_GONE: { message: "the client left before the answer was complete" },
  RESPONSE_TIMEOUT: {
    message: "the client took nothing for <limit> ms of the <waiting> bytes that wait for it",
    advice: "To allow more time: http: { responseTimeoutMs }.",
  },
  REASON_INVALID: { message: "a reason phrase is printable ASCII, got <got>" },
  METHOD_INVALID: { message: "<handler> has the custom method <method>: <reason>" },
  INTERVAL_INVALID: { message: "<name> must be <expected>, got <got>" },
  STATUS_INVALID: { message: "a status is a whole number from <from> to <to>, got <status>" },
  BODY_USED: {
    message: "<what> is too late: the body has been read by <reader>",
    advice: "A body is read once. To read a form in another way: static readonly streamRequestBody = true.",
  },
  FORM_NOT_READ: {
    message: "<what> has no form yet: <when>",
  },
  RETURN_VALUE_INVALID: {
    message:
      "<handler> returned <got>; a handler returns a string, an object, bytes, a Response, a stream or nothing",
  },
  ARGUMENT_TYPE_INVALID: { message: "<name> must be <expected>, got <got>" },
  CLOSE_CODE_INVALID: {
    message: "close codes a program may send are 1000 to 1003, 1007 to 1014 and 3000 to 4999, got <code>",
  },
  CLOSE_REASON_TOO_LONG: { message: "a close reason has at most 123 bytes in UTF-8, got <got>" },
  PING_TOO_LONG: { message: "a ping or pong has at most 125 bytes, got <got>" },
  CHANNEL_INVALID: {
    message: "the name of a channel is a text of 1 to 255 bytes in UTF-8, got <got>",
  },
  NOT_OPEN_YET: {
    message: "<what> was called before open(): there is no connection yet",
    advice: "To refuse a connection, throw an HttpError in prepare().",
  },
  SUBSCRIPTIONS_TOO_MANY: {
    message: "a connection subscribes to at most <limit> channels",
    advice: "To allow more: websocket: { maxSubscriptions }.",
  },
  HANDSHAKE_FAILED: { message: "the WebSocket handshake failed: <reason>" },
  HANDSHAKE_TIMEOUT: {
    message: "the WebSocket handshake was not complete after <limit> ms, while waiting <stage>",
    advice: "To allow more: timeoutMs.",
  },
  PROXY_FAILED: { message: "the proxy <proxy> opened no tunnel to <target>: <reason>" },
  REDIRECT_NOT_FOLLOWED: { message: "<from> redirects to <location>, which is not followed: <reason>" },
  CONNECTION_CLOSED: { message: "the WebSocket <url> was closed with <closeCode> (<reason>)" },
  PINGS_UNANSWERED: { message: "<limit> pings have not been answered; no more are sent" },
} as const;

/**
 * A code of the error table.
 *
 * @example
 * const code: ErrorCode = "PORT_IN_USE";
 */
export type ErrorCode = keyof typeof table;

/** The table by code, for lookups that do not know the code at compile time. */
export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = table;

type Placeholders<Text> = Text extends `${string}<${infer Name}>${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type MessageOf<Code extends ErrorCode> = (typeof table)[Code]["message"];
type AdviceOf<Code extends ErrorCode> = (typeof table)[Code] extends { readonly advice: infer Advice }
  ? Advice
  : never;

/** What must be known to fill in the texts of a code. */
export type ErrorDetails<Code extends ErrorCode> = Readonly<
  Record<Placeholders<MessageOf<Code>> | Placeholders<AdviceOf<Code>>, string | number>
>;

/** One error with its texts filled in: what refusals, failed connections and exceptions carry. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
}

/** Fills in the texts of `code`. */
export function describe<Code extends ErrorCode>(code: Code, details: ErrorDetails<Code>): Problem {
  const entry = errorTable[code];
  return { code, message: fill(entry.message, details), advice: fill(entry.advice ?? "", details) };
}

function fill(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replace(/<(\w+)>/g, (whole, name: string) => String(details[name] ?? whole));
}

/**
 * Thrown when Waterspout is used in a way that cannot work: a bad setting, a route that does not parse, a port that is
 * taken. What a peer does wrong is never an exception; it is refused or closed with a code.
 *
 * @example
 * try {
 *   await app.listen(10000);
 * } catch (error) {
 *   if (error instanceof WaterspoutError && error.code === "PORT_IN_USE") await app.listen(0);
 *   else throw error;
 * }
 */
export class WaterspoutError extends Error {
  override readonly name = "WaterspoutError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;

  /** @internal */
  constructor(problem: Problem, options?: ErrorOptions) {
    super([problem.message, problem.advice].filter(Boolean).join(". "), options);
    this.code = problem.code;
  }
}

/** Shorthand for the exception of `code`. */
export function misuse<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails<Code>,
  options?: ErrorOptions,
): WaterspoutError {
  return new WaterspoutError(describe(code, details), options);
}
