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

function check(isValid: boolean, name: string, expected: string, got: unknown): void {
  if (isValid) return;
  const shown = typeof got === "string" ? JSON.stringify(got) : String(got);
  throw new TypeError(`option ${name} of a RealtimeSocket must be ${expected}, got ${shown}`);
}

function checkOneOf(list: readonly unknown[], name: string, got: unknown): void {
  check(list.includes(got), name, `one of ${list.join(", ")}`, got);
}

/** The defaults, and over them what was given: only known names, and numbers where the default is one. */
function merge<Options extends object>(defaults: Options, given: unknown, name: string): Options {
  check(typeof given === "object" && given !== null, name, "an object", given);
  const result: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given as object)) {
    if (!Object.hasOwn(result, key)) {
      const names = Object.keys(defaults).join(", ");
      throw new TypeError(`a RealtimeSocket has no option ${name}${key} (there are: ${names})`);
    }
    if (value === undefined) continue;
    if (typeof result[key] === "number") {
      const min = /^(?:con|pol)/.test(key) ? 1 : 0;
      const max = key.endsWith("Ms") ? timerMsMax : Infinity;
      const isValid = typeof value === "number" && value >= min && value <= max;
      check(isValid, name + key, `a number from ${min} to ${max}`, value);
    }
    result[key] = value;
  }
  return result as Options;
}

/**
 * Checks options and adds the defaults.
 *
 * @throws TypeError for an option that does not exist or makes no sense.
 */
export function resolveOptions(given: RealtimeSocketOptions): ResolvedOptions {
  const resolved = merge(
    {
      protocols: [] as string | readonly string[],
      transports: transportNames,
      connectTimeoutMs: 10_000,
      fallbackAfterMs: 2500,
      rememberMs: 3_600_000,
      pollingIntervalMs: 1000,
      reconnect: {} as false | ReconnectOptions,
      shouldReconnect: undefined as RealtimeSocketOptions["shouldReconnect"],
      queue: {} as QueueOptions,
      iterationMaxMessages: 10_000,
      token: undefined as RealtimeSocketOptions["token"],
      credentials: "include" as const,
      signal: undefined as AbortSignal | undefined,
      // Called as a function of its own, a browser's fetch refuses to work.
      fetch: ((...args: Parameters<typeof fetch>) => globalThis.fetch(...args)) as typeof fetch,
      WebSocket: (globalThis as { readonly WebSocket?: unknown }).WebSocket as ResolvedOptions["WebSocket"],
    },
    given,
    "",
  );
  for (const name of ["shouldReconnect", "token", "fetch", "WebSocket"] as const) {
    const value = resolved[name];
    check(value === undefined || typeof value === "function", name, "a function", value);
  }
  checkOneOf(["include", "same-origin", "omit"], "credentials", resolved.credentials);
  const { signal, protocols } = resolved;
  check(
    signal === undefined || typeof signal.addEventListener === "function",
    "signal",
    "an AbortSignal",
    signal,
  );
  check(Array.isArray(resolved.transports), "transports", "a list", resolved.transports);
  for (const each of resolved.transports) checkOneOf(transportNames, "transports", each);
  const transports = resolved.transports.filter(
    (each) => each !== "websocket" || resolved.WebSocket !== undefined,
  );
  check(transports.length > 0, "transports", "a list of some that there are here", resolved.transports);
  const queue = merge(
    { policy: "reject" as const, maxMessages: 1000, maxBytes: 2 ** 20 },
    resolved.queue,
    "queue.",
  );
  checkOneOf(["reject", "drop-oldest", "none"], "queue.policy", queue.policy);
  const { reconnect } = resolved;
  const delays = { minDelayMs: 500, maxDelayMs: 20_000, maxAttempts: Infinity };
  return {
    ...resolved,
    transports,
    queue,
    protocols: checkProtocols(protocols),
    reconnect: reconnect === false ? { ...delays, maxAttempts: 0 } : merge(delays, reconnect, "reconnect."),
  };
}

/** Tokens (RFC 9110 §5.6.2), all different (RFC 6455 §4.1). */
function checkProtocols(given: string | readonly string[]): readonly string[] {
  const list = typeof given === "string" ? [given] : [...given].map(String);
  const isValid = list.every((each) => /^[!#$%&'*+.^`|~\w-]+$/.test(each));
  if (isValid && new Set(list).size === list.length) return list;
  throw new DOMException(`subprotocols are different tokens, got ${list.join(", ")}`, "SyntaxError");
}
