import type { TransportKind } from "../../src/index.ts";
import type { RawResponse } from "./raw-http.ts";
import { exchange } from "./raw-http.ts";

/** All ways to a WebSocketHandler, for the options of a route. */
export const allTransports: readonly TransportKind[] = ["websocket", "sse", "long-polling", "polling"];

/** POSTs a body of the session protocol: its head, and records. */
export function postSession(
  server: { readonly port: number },
  path: string,
  head: object,
  options: { readonly lines?: readonly string[]; readonly records?: readonly unknown[] } = {},
): Promise<RawResponse> {
  const body = [head, ...(options.records ?? [])].map((each) => `${JSON.stringify(each)}\n`).join("");
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: localhost:${server.port}`,
    "Content-Type: text/plain",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(options.lines ?? []),
  ];
  return exchange(server.port, `${lines.join("\r\n")}\r\n\r\n${body}`, { method: "POST" });
}

/** The token of the session that an answer opened. */
export function tokenOf(response: RawResponse): string {
  const { session } = JSON.parse(response.text.split("\n", 1)[0] ?? "") as { readonly session?: string };
  return session ?? "";
}
