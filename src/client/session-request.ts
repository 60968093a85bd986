import type { Ending } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { parseRetryAfter } from "./timing.ts";

/** Thrown for an answer that says no: an error with the ending that it means. Other errors have none. */
export type RequestError = Error & { readonly ending?: Ending };

/** How long to wait, and for what. */
export interface Waiting {
  readonly signal: AbortSignal;
  /** Until the answer begins. */
  readonly timeoutMs: number;
  /** For a stream: takes each piece of text that comes, and says how long to wait for the next. */
  readonly receive?: ((text: string) => number) | undefined;
}

/**
 * Sends a request and reads the answer, whole or as a stream.
 *
 * @throws RequestError with an ending for a status that is not 2xx; any error for a request that failed or an answer that is none of ours.
 */
export async function sendRequest(
  { fetch, credentials }: ResolvedOptions,
  url: URL,
  body: string,
  { signal, timeoutMs, receive }: Waiting,
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
      // Header fields and a type for which no preflight is needed.
      headers: { Accept: type, "Content-Type": "text/plain" },
      body,
      credentials,
      signal: controller.signal,
    });
    const { ok, status, headers } = response;
    const isExpected = headers.get("Content-Type")?.startsWith(type);
    if (ok && !isExpected) throw new Error(`the answer is no ${type}`);
    const reader = response.body?.getReader();
    // A byte order mark belongs to the text: the parser knows what to do with it.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) break;
      const piece = decoder.decode(value, { stream: true });
      if (ok && receive) watch(receive(piece));
      else {
        text += piece;
        watch(timeoutMs);
      }
    }
    if (ok) return text;
    // The first line of a refusal begins with its code.
    const reason = /^[A-Z\d_]+: .+/.exec(text)?.[0] ?? `HTTP ${status}`;
    const retryAfterMs = parseRetryAfter(headers.get("Retry-After"));
    const ending: Ending = { code: 4000 + status, reason, wasClean: false, retryAfterMs };
    throw Object.assign(new Error(reason), { ending });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    // A stream that is broken off here is still being sent.
    abort();
  }
}
