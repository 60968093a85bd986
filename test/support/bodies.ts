import type { RawResponse } from "./raw-http.ts";
import { exchange } from "./raw-http.ts";

/** A part of a multipart body, as a test writes it. */
export interface WrittenPart {
  readonly name: string;
  readonly filename?: string;
  readonly type?: string;
  readonly content: string | Uint8Array;
}

/** The boundary of `multipart`. */
export const boundary = "----boundary7";

/** The Content-Type of `multipart`. */
export const multipartType = `multipart/form-data; boundary=${boundary}`;

/** A multipart body as a browser writes it. */
export function multipart(parts: readonly WrittenPart[]): Buffer {
  const pieces = parts.flatMap(({ name, filename, type, content }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`,
    filename === undefined ? "" : `; filename="${filename}"`,
    type === undefined ? "" : `\r\nContent-Type: ${type}`,
    "\r\n\r\n",
    content,
    "\r\n",
  ]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece as string)));
}

/** The bytes of a request with a body of known length. */
export function requestWithBody(
  method: string,
  target: string,
  type: string | undefined,
  body: string | Uint8Array,
  lines: readonly string[] = [],
): Buffer {
  const bytes = Buffer.from(body as string);
  const typeLines = type === undefined ? [] : [`Content-Type: ${type}`];
  const head = [`${method} ${target} HTTP/1.1`, "Host: localhost", `Content-Length: ${bytes.length}`];
  return Buffer.concat([
    Buffer.from([...head, ...typeLines, ...lines, "", ""].join("\r\n"), "latin1"),
    bytes,
  ]);
}

/** Sends a POST with a body on a connection of its own, and resolves with the response. */
export function post(
  server: { readonly port: number },
  target: string,
  type: string | undefined,
  body: string | Uint8Array,
  lines: readonly string[] = [],
): Promise<RawResponse> {
  return exchange(server.port, requestWithBody("POST", target, type, body, lines));
}
