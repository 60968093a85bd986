import type { Ending, TransportName } from "./link.ts";
import { timerMsMax } from "./timing.ts";
import type { WebSocketLike } from "./websocket-link.ts";

/** What happens to what is sent while there is no connection. */
export type QueuePolicy = "reject" | "drop-oldest" | "none";

/** How a lost connection comes back. */
export interface ReconnectOptions {
  /** The first delay is at most so long; each further one may be twice as long. Default 500. */
  readonly minDelayMs?: number | undefined;
  /** No delay is longer, unless the server asks for it. Default 20 000. */
  readonly maxDelayMs?: number | undefined;
  /** So many attempts in a row may fail. Default: no limit. */
  readonly maxAttempts?: number | undefined;
}

/** The queue for what is sent while there is no connection. */
export interface QueueOptions {
  /**
   * What happens past the limits: `"reject"` has `send` throw a QuotaExceededError, `"drop-oldest"` makes room and fires `dropped`.
   * `"none"` queues nothing, and `send` throws an InvalidStateError, as a WebSocket's does. Default `"reject"`.
   */
  readonly policy?: QueuePolicy | undefined;
  /** Default 1 000. */
  readonly maxMessages?: number | undefined;
  /** Default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Options of a RealtimeSocket; all are optional. Times are in milliseconds. */
export interface RealtimeSocketOptions {
  /** Subprotocols to offer, the preferred one first. */
  readonly protocols?: string | readonly string[] | undefined;
  /** Which transports to try, in this order. Default all: websocket, sse, long-polling, polling. */
  readonly transports?: readonly TransportName[] | undefined;
  /** How long an attempt may take, counted from the start of the last transport. Default 10 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** A transport that has not spoken for so long gets the next one beside it. Default 2 500. */
  readonly fallbackAfterMs?: number | undefined;
  /** How long the transport that won is tried first. Default one hour. */
  readonly rememberMs?: number | undefined;
  /** How often polling asks. Default 1 000. */
  readonly pollingIntervalMs?: number | undefined;
  /** How a lost connection comes back; false: not at all. */
  readonly reconnect?: false | ReconnectOptions | undefined;
  /** Decides whether to come back after this ending; undefined leaves it to the rules. */
  readonly shouldReconnect?: ((ending: Ending) => boolean | undefined) | undefined;
  readonly queue?: QueueOptions | undefined;
  /** How many messages wait for a slow `for await` before it throws. Default 10 000. */
  readonly iterationMaxMessages?: number | undefined;
  /** Asked before every attempt; what it gives is sent as the query argument `access_token`. */
  readonly token?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Whether requests carry cookies. A WebSocket always does. Default `"include"`. */
  readonly credentials?: "include" | "same-origin" | "omit" | undefined;
  /** Closes the socket when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** In place of the global `WebSocket`. */
  readonly WebSocket?: (new (url: string, protocols: string[]) => WebSocketLike) | undefined;
}

/** Options with their defaults. */
export interface ResolvedOptions {
  readonly protocols: readonly string[];
  readonly transports: readonly TransportName[];
  readonly connectTimeoutMs: number;
  readonly fallbackAfterMs: number;
  readonly rememberMs: number;
  readonly pollingIntervalMs: number;
  readonly reconnect: Required<{ [Name in keyof ReconnectOptions]: number }>;
  readonly shouldReconnect: RealtimeSocketOptions["shouldReconnect"];
  readonly queue: { readonly policy: QueuePolicy; readonly maxMessages: number; readonly maxBytes: number };
  readonly iterationMaxMessages: number;
  readonly token: RealtimeSocketOptions["token"];
  readonly credentials: "include" | "same-origin" | "omit";
  readonly signal: AbortSignal | undefined;
  readonly fetch: typeof fetch;
  readonly WebSocket: RealtimeSocketOptions["WebSocket"];
}

const transportNames: readonly TransportName[] = ["websocket", "sse", "long-polling", "polling"];

function check(isValid: unknown, name: string, expected: string, got: unknown): void {
  if (isValid) return;
  const shown = typeof got === "string" ? `"${got}"` : got;
  throw new TypeError(`RealtimeSocket: ${name} must be ${expected}, got ${shown}`);
}

function checkOneOf(allowed: readonly unknown[], name: string, ...got: readonly unknown[]): void {
  for (const each of got) check(allowed.includes(each), name, `one of ${allowed}`, each);
}

/** The defaults, and over them what was given: known names only, and what is of the default's type. What has no default is a function, but for `signal`. */
function merge<Options extends object>(defaults: Options, given: object, prefix: string): Options {
  const result = { ...defaults } as Record<string, unknown>;
  for (const [key, value] of Object.entries(given)) {
    const name = prefix + key;
    checkOneOf(Object.keys(defaults), `${prefix}option`, key);
    if (value === undefined) continue;
    const type = typeof (result[key] ?? (key === "signal" ? {} : check));
    check(typeof value === type && value !== null, name, `a value of the type ${type}`, value);
    if (type === "number") {
      // Less often than all the time, and before there could be an answer.
      const min = /^(?:con|pol)/.test(key) ? 1 : 0;
      const max = name.endsWith("Ms") ? timerMsMax : Infinity;
      check(value >= min && value <= max, name, `from ${min} to ${max}`, value);
    }
    result[key] = value;
  }
  return result as Options;
}

/**
 * Checks options and adds the defaults.
 *
 * @throws TypeError for an option that does not exist or makes no sense; DOMException SyntaxError for subprotocols.
 */
export function resolveOptions(given: RealtimeSocketOptions): ResolvedOptions {
  const { reconnect, protocols = [] } = given;
  const resolved = merge(
    {
      protocols: [] as readonly string[],
      transports: transportNames,
      connectTimeoutMs: 10_000,
      fallbackAfterMs: 2500,
      rememberMs: 3_600_000,
      pollingIntervalMs: 1000,
      reconnect: {},
      shouldReconnect: undefined as RealtimeSocketOptions["shouldReconnect"],
      queue: {},
      iterationMaxMessages: 10_000,
      token: undefined as RealtimeSocketOptions["token"],
      credentials: "include" as const,
      signal: undefined as AbortSignal | undefined,
      // Called as a function of its own, a browser's fetch refuses to work.
      fetch: (...args: Parameters<typeof fetch>) => globalThis.fetch(...args),
      WebSocket: (globalThis as { readonly WebSocket?: unknown }).WebSocket as ResolvedOptions["WebSocket"],
    },
    {
      ...given,
      protocols: typeof protocols === "string" ? [protocols] : protocols,
      reconnect: reconnect === false ? { maxAttempts: 0 } : reconnect,
    },
    "",
  );
  checkOneOf(["include", "same-origin", "omit"], "credentials", resolved.credentials);
  checkOneOf(transportNames, "transports", ...resolved.transports);
  const isHere = (each: TransportName): unknown => each !== "websocket" || resolved.WebSocket;
  const transports = resolved.transports.filter(isHere);
  check(transports.length > 0, "transports", "a list of what there is here", resolved.transports);
  const queue = merge(
    { policy: "reject" as const, maxMessages: 1000, maxBytes: 2 ** 20 },
    resolved.queue,
    "queue.",
  );
  checkOneOf(["reject", "drop-oldest", "none"], "queue.policy", queue.policy);
  checkProtocols(resolved.protocols);
  const delays = { minDelayMs: 500, maxDelayMs: 20_000, maxAttempts: Infinity };
  return { ...resolved, transports, queue, reconnect: merge(delays, resolved.reconnect, "reconnect.") };
}

/** Tokens (RFC 9110 §5.6.2), all different (RFC 6455 §4.1). */
function checkProtocols(list: readonly string[]): void {
  const isValid = list.every((each) => /^[!#$%&'*+.^`|~\w-]+$/.test(each));
  if (isValid && new Set(list).size === list.length) return;
  throw new DOMException(`subprotocols must be different tokens, got ${list}`, "SyntaxError");
}
