import type { Ending } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { parseRetryAfter } from "./timing.ts";

/** Thrown for an answer that says no: an error with the ending that it means. Other errors have none. */
export type RequestError = Error & { readonly ending?: Ending };

/** What is asked for, and how long to wait for it. */
export interface Expectation {
  readonly type: "text/event-stream" | "application/x-ndjson";
  readonly signal: AbortSignal;
  /** Until the answer begins. */
  readonly timeoutMs: number;
  /** Takes each piece of the answer's text, and says how long to wait for the next; 0 for ever. */
  readonly receive: (text: string) => number;
}

/**
 * Sends a request and reads the answer to its end, piece by piece: what has come before something goes wrong is not lost.
 *
 * @throws RequestError with an ending for a status that is not 2xx; any error for a request that failed or an answer that is none of ours.
 */
export async function sendRequest(
  { fetch, credentials }: ResolvedOptions,
  url: URL,
  body: string,
  { type, signal, timeoutMs, receive }: Expectation,
): Promise<void> {
  const controller = new AbortController();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const abort = (): void => {
    controller.abort();
    // Node 20 leaves a reader waiting whose request was aborted.
    reader?.cancel().catch(() => {});
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = (ms: number): void => {
    clearTimeout(timer);
    if (ms > 0) timer = setTimeout(abort, ms);
  };
  signal.addEventListener("abort", abort, { signal: controller.signal });
  if (signal.aborted) abort();
  watch(timeoutMs);
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
    if (ok && !headers.get("Content-Type")?.startsWith(type)) throw new Error(`the answer is no ${type}`);
    reader = response.body?.getReader();
    // A byte order mark belongs to the text: the parser knows what to do with it.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let refusal = "";
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) break;
      const text = decoder.decode(value, { stream: true });
      if (ok) watch(receive(text));
      else refusal += text;
    }
    controller.signal.throwIfAborted();
    if (ok) return;
    // A refusal has a line that begins with its code.
    const reason = /^[A-Z][A-Z\d_]+: .+/m.exec(refusal)?.[0] ?? `HTTP ${status}`;
    const retryAfterMs = parseRetryAfter(headers.get("Retry-After"));
    const ending: Ending = { code: 4000 + status, reason, wasClean: false, retryAfterMs };
    throw Object.assign(new Error(reason), { ending });
  } finally {
    clearTimeout(timer);
    // A stream that is broken off here is still being sent. This removes the listener as well.
    abort();
  }
}
