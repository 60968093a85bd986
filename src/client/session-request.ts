import type { Ending } from "./link.ts";
import { lost } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { parseRetryAfter } from "./timing.ts";

/** The head of a request (docs/session-protocol.md), but for what every request of an open session has. */
export interface RequestHead {
  readonly transport?: string;
  readonly key?: string;
  readonly subprotocols?: readonly string[];
  readonly seq?: number;
  readonly poll?: number;
  readonly close?: { readonly code?: number; readonly reason?: string };
}

/** Thrown for an answer that says no. */
export class Refused extends Error {
  readonly ending: Ending;

  constructor(ending: Ending) {
    super(ending.reason);
    this.ending = ending;
  }
}

/** How long to wait, and for what. */
interface Waiting {
  readonly signal: AbortSignal;
  /** Until the answer begins. */
  readonly timeoutMs: number;
  /** Without a byte of it, from then on. */
  readonly idleMs: number;
  /** For a stream: is called with each piece of text that comes. */
  readonly receive: ((text: string) => void) | undefined;
}

/**
 * Sends a request and reads the answer, whole or as a stream.
 *
 * @throws Refused for a status that is not 200; any error for a request that failed or an answer that is none of ours.
 */
export async function sendRequest(
  { fetch, credentials }: ResolvedOptions,
  url: URL,
  body: string,
  { signal, timeoutMs, idleMs, receive }: Waiting,
): Promise<string> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error(`nothing came for ${ms} ms`)), ms);
  };
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  watch(timeoutMs);
  const type = receive ? "text/event-stream" : "application/x-ndjson";
  try {
    const response = await fetch(url, {
      method: "POST",
      // Both are on the list of header fields that need no preflight.
      headers: { Accept: type, "Content-Type": "text/plain" },
      body,
      credentials,
      cache: "no-store",
      signal: controller.signal,
    });
    const isExpected = response.headers.get("Content-Type")?.startsWith(type) === true;
    const reader = response.body?.getReader();
    // A byte order mark belongs to the text: the parser knows what to do with it.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) break;
      watch(idleMs);
      const piece = decoder.decode(value, { stream: true });
      if (receive && isExpected && response.ok) receive(piece);
      else text += piece;
    }
    if (!response.ok) throw new Refused(endingOf(response, text));
    if (!isExpected) throw new Error(`the answer is no ${type}`);
    return text;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    // A stream that is broken off here is still being sent.
    controller.abort();
  }
}

/** What a refusal says: the first line of its body, which begins with its code. */
function endingOf({ status, headers }: Response, body: string): Ending {
  const reason = /^[A-Z\d_]+: [^\r\n]+/.exec(body)?.[0] ?? `HTTP ${status}`;
  const retryAfterMs = parseRetryAfter(headers.get("Retry-After"));
  return {
    ...lost(reason),
    code: 4000 + status,
    status,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}
