import type { HeaderFields } from "../../src/protocol/http/header-fields.ts";
import type { RequestHead, SessionKind } from "../../src/protocol/session/head.ts";
import type { TestClientOptions } from "../../src/testing/index.ts";

/** How a session is opened. */
export interface SessionClientOptions extends Omit<TestClientOptions, "tls"> {
  readonly transport: SessionKind;
  /** Milliseconds between two requests of the transport "polling". Default 10. */
  readonly intervalMs?: number;
}

/** Asks for a new session. */
export function openSession(
  url: string | URL,
  options: SessionClientOptions,
  signal?: AbortSignal,
): Promise<Response> {
  const { transport, subprotocols = [] } = options;
  const head = { transport, key: crypto.randomUUID(), subprotocols };
  return sendRequest(
    new URL(url),
    options,
    head,
    [],
    transport === "sse" ? "text/event-stream" : "*/*",
    signal,
  );
}

/** Sends a request of the session protocol. */
export function sendRequest(
  url: URL,
  { origin, headers = {} }: SessionClientOptions,
  head: RequestHead,
  lines: readonly string[],
  accept: string,
  signal: AbortSignal | null = null,
): Promise<Response> {
  const fields = new Headers({ "Content-Type": "text/plain", Accept: accept });
  if (origin !== undefined) fields.set("Origin", origin);
  for (const [name, value] of Object.entries(headers)) {
    for (const each of typeof value === "string" ? [value] : value) fields.append(name, each);
  }
  const body = [JSON.stringify(head), ...lines].join("\n");
  return fetch(url.href.replace(/^ws/, "http"), { method: "POST", headers: fields, body, signal });
}

/** The body of an answer that is a stream. */
export function bodyOf({ body }: Response): AsyncIterable<Uint8Array> {
  if (body === null) throw new Error("a stream has no body");
  return body;
}

/** The header fields of an answer, as those of a handshake are given. */
export function fieldsOf({ headers }: Response): HeaderFields {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { "set-cookie": cookies }) };
}

/** Bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
