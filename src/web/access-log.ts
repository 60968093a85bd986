import { inspect } from "node:util";
import type { Problem } from "../base/errors.ts";
import { errorTable } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { kindOf, printable, quote } from "../base/text.ts";
import { isThenable } from "../base/thenable.ts";
import type { Traffic, TransportKind } from "../transport/transport.ts";
import type { AccessLogConnection, AccessLogEntry, AccessLogSetting } from "./access-log-entry.ts";
import { HttpRequest } from "./http-request.ts";

/** The parts of a log line about a request. */
export interface LoggedRequest {
  readonly method: string;
  readonly uri: string;
  readonly remoteAddress: string;
}

/** How a WebSocket ended. */
export interface ClosedConnection {
  readonly code: number;
  readonly reason: string;
  readonly seconds: number;
  readonly traffic: Readonly<Traffic>;
  readonly problem: Problem | undefined;
  readonly kind: TransportKind;
}

/** For how long repetitions of a refusal are counted instead of explained again, in milliseconds. */
const repetitionMs = 60_000;

/** Codes that have many reasons, each of which is worth its explanation. */
const reasonsOf: ReadonlySet<string> = new Set([
  "ARGUMENT_MISSING",
  "FORM_INVALID",
  "FORM_TOO_LARGE",
  "HANDLER_REFUSED",
  "HOST_REFUSED",
  "JSON_INVALID",
  "ROUTE_NOT_FOUND",
  "SESSION_REQUEST_INVALID",
]);

/** How much of a refusal tells it from others: what a stranger sends is not remembered at any length. */
const keyCharactersMax = 300;

/** How much of one text stands in a line. */
const lineCharactersMax = 1000;

/** How many different refusals are remembered at a time. */
const remembered = 1000;

/**
 * What happened, one line each, in Tornado's words: `STATUS METHOD URI (IP) MS`. A refusal is explained in a line of
 * its own, once a minute for each code and origin; those in between are counted.
 *
 * With the setting `accessLog` the lines of what was answered and of what ended are left out, or written by somebody else;
 * explanations and failures go to the logger in any case.
 */
export class AccessLog {
  readonly #logger: Logger;
  readonly #setting: AccessLogSetting;
  readonly #now: () => number;
  readonly #refusals = new Map<string, { since: number; repeated: number }>();
  #hasLoggerFailed = false;

  constructor(logger: Logger, setting: AccessLogSetting = true, now: () => number = Date.now) {
    this.#logger = logger;
    this.#setting = setting;
    this.#now = now;
  }

  /** Whether anybody gets to know of what was answered, and how long it took. */
  get isKept(): boolean {
    return this.#setting !== false;
  }

  /** A request was answered. */
  answered(status: number, request: LoggedRequest, elapsedMs: number): void {
    if (this.#setting !== true) return this.#tell(status, request, elapsedMs);
    const line = `${status} ${describeRequest(request)} ${elapsedMs.toFixed(2)}ms`;
    if (status < 400) this.#log("info", line);
    else if (status < 500) this.#log("warn", line);
    else this.#log("error", line);
  }

  /** An answer broke in the middle, which has been explained, or had not come when its server closed. */
  cut(status: number, request: LoggedRequest, elapsedMs: number): void {
    if (this.#setting !== true) return this.#tell(status, request, elapsedMs);
    this.#log("warn", `${status} ${describeRequest(request)} ${elapsedMs.toFixed(2)}ms cut off`);
  }

  /** A client left before its answer was complete, which is its own affair. */
  left(status: number, request: LoggedRequest, elapsedMs: number): void {
    if (this.#setting !== true) return this.#tell(status, request, elapsedMs);
    this.#log("info", `${status} ${describeRequest(request)} ${elapsedMs.toFixed(2)}ms the client left`);
  }

  /** A request of a session was answered, one of many. */
  served(status: number, request: LoggedRequest, elapsedMs: number): void {
    if (this.#setting !== true) return;
    this.#log("debug", `${status} ${describeRequest(request)} ${elapsedMs.toFixed(2)}ms`);
  }

  /** A WebSocket ended, or a session that stands for one. */
  closed(request: LoggedRequest, closed: ClosedConnection): void {
    const { code, reason, seconds, traffic, problem, kind } = closed;
    const isRoutine = problem === undefined || problem.code === "SERVER_CLOSING";
    if (this.#setting !== true) {
      this.#tell(code, request, seconds * 1000, { transport: kind, closeReason: reason, ...traffic });
      if (isRoutine) return;
    }
    const over = kind === "websocket" ? "" : ` over ${kind}`;
    const because = problem === undefined ? quoteReason(reason) : ` ${problem.code}: ${sentence(problem)}`;
    const line =
      `${code} ${describeRequest(request)} closed after ${seconds.toFixed(2)}s${over},` +
      ` received ${traffic.messagesReceived} (${traffic.bytesReceived} bytes),` +
      ` sent ${traffic.messagesSent} (${traffic.bytesSent} bytes)${because}`;
    this.#log(isRoutine ? "info" : "warn", line);
  }

  /** Why a request was refused; `origin` is who asked, a web origin or an address. */
  refused(problem: Problem, origin: string): void {
    // Where the text of a body breaks is anywhere, and no reason of its own.
    const reason = problem.message.replace(/ at position \d+/, "");
    const what = reasonsOf.has(problem.code) ? reason : problem.code;
    const repeated = this.#countRefusal(`${what} ${origin}`.slice(0, keyCharactersMax));
    if (repeated === undefined) return;
    const indent = " ".repeat(problem.code.length + 2);
    const advice = problem.advice === "" ? "" : `\n${indent}${printable(problem.advice, lineCharactersMax)}`;
    const again = repeated === 0 ? "" : ` [${repeated} more times since]`;
    this.#log("warn", `${problem.code}  ${printable(problem.message, lineCharactersMax)}.${again}${advice}`);
  }

  /** Bytes came that were no request; the only line about them. */
  malformed(problem: Problem, remoteAddress: string): void {
    const status = errorTable[problem.code].status ?? 400;
    this.#log("warn", `${status} (${remoteAddress}) ${problem.code}: ${sentence(problem)}`);
  }

  /** A handler threw. */
  failed(request: LoggedRequest, error: unknown): void {
    this.#log("error", `Uncaught exception ${describeRequest(request)}\n${stackOf(error)}`);
  }

  /** Tells who writes the access log, if somebody does. */
  #tell(status: number, request: LoggedRequest, durationMs: number, connection?: AccessLogConnection): void {
    if (typeof this.#setting !== "function") return;
    const { method, uri, remoteAddress } = request;
    const entry: AccessLogEntry = {
      method,
      uri: hideToken(uri),
      remoteAddress,
      status,
      durationMs,
      request: request instanceof HttpRequest ? request : undefined,
      connection,
    };
    try {
      const result: unknown = this.#setting(entry);
      if (isThenable(result))
        Promise.resolve(result).catch((error: unknown) => this.#receiveFailure("accessLog", error));
    } catch (error) {
      this.#receiveFailure("accessLog", error);
    }
  }

  #log(level: "debug" | "info" | "warn" | "error", line: string): void {
    try {
      this.#logger[level](line);
    } catch (error) {
      this.#receiveFailure("the logger", error);
    }
  }

  /** A logger that throws must not break what it tells about. */
  #receiveFailure(who: string, error: unknown): void {
    if (!this.#hasLoggerFailed) process.emitWarning(`${who} threw: ${stackOf(error)}`);
    this.#hasLoggerFailed = true;
  }

  /** How often this refusal was repeated since it was last explained; undefined when it need not be explained now. */
  #countRefusal(key: string): number | undefined {
    const now = this.#now();
    const known = this.#refusals.get(key);
    if (known !== undefined && now - known.since < repetitionMs) {
      known.repeated++;
      return undefined;
    }
    this.#refusals.delete(key);
    // A map keeps its insertion order: the first key is the one explained longest ago.
    const oldest = this.#refusals.entries().next();
    if (this.#refusals.size >= remembered && oldest.done !== true) {
      const [forgotten, { repeated }] = oldest.value;
      this.#refusals.delete(forgotten);
      if (repeated > 0)
        this.#log("warn", `${printable(forgotten, keyCharactersMax)} [${repeated} more times]`);
    }
    this.#refusals.set(key, { since: now, repeated: 0 });
    return known?.repeated ?? 0;
  }
}

/** How many lines of a stack are worth a log's while. */
const stackLinesMax = 50;

/** How many causes of an error are. */
const causesMax = 10;

/** An exception as text, with its stack and its causes, whatever was thrown. */
export function stackOf(error: unknown): string {
  try {
    return describeError(error, causesMax);
  } catch {
    // Its stack may be anything, even a getter that throws.
    return "an error that cannot be described was thrown";
  }
}

function describeError(error: unknown, causesLeft: number): string {
  if (!(error instanceof Error)) {
    const isObject = typeof error === "object" && error !== null;
    const shown = isObject
      ? printable(inspect(error, { depth: 2, breakLength: Infinity }), lineCharactersMax)
      : kindOf(error);
    return `a value that is no Error was thrown: ${shown}`;
  }
  // A message may quote what a stranger sent: no line of it may look like a line of the log, or move a terminal's cursor.
  const text = typeof error.stack === "string" ? error.stack : `${error.name}: ${error.message}`;
  const [first = "", ...rest] = text.split("\n", stackLinesMax);
  const stack = [
    printable(first, lineCharactersMax),
    ...rest.map((line) => `    ${printable(line.trim(), lineCharactersMax)}`),
  ].join("\n");
  // Causes may go round in a ring.
  if (error.cause === undefined || causesLeft === 0) return stack;
  return `${stack}\nCaused by: ${describeError(error.cause, causesLeft - 1)}`;
}

function describeRequest(request: LoggedRequest): string {
  const uri = printable(hideToken(request.uri), lineCharactersMax);
  return `${printable(request.method)} ${uri} (${request.remoteAddress})`;
}

/** A URL without what would let a reader of the log in (RFC 6750 §5.3): a browser's WebSocket has no better place for it. */
function hideToken(uri: string): string {
  return uri.includes("access_token=") ? uri.replace(/([?&]access_token=)[^&]+/g, "$1…") : uri;
}

function quoteReason(reason: string): string {
  return reason === "" ? "" : ` ${quote(reason)}`;
}

function sentence(problem: Problem): string {
  return printable([problem.message, problem.advice].filter(Boolean).join(". "), lineCharactersMax);
}
