/**
 * What a session carries: messages, pings and pongs, each as one line of JSON. Base64 stays text here, since how it is read
 * best depends on where this runs.
 */
export type SessionRecord =
  | { readonly kind: "text"; readonly data: string }
  | { readonly kind: "binary" | "ping" | "pong"; readonly base64: string };

const kinds = ["binary", "ping", "pong"] as const;

/** A text message as a line. What is no valid UTF-16 becomes U+FFFD, as a WebSocket in a browser has it. */
export function encodeText(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

/** Bytes as a line. */
export function encodeBase64(kind: (typeof kinds)[number], base64: string): string {
  return `{"${kind}":"${base64}"}`;
}

/** The record in a line, or undefined where there is none. */
export function decodeRecord(line: string): SessionRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value === "string") return value.isWellFormed() ? { kind: "text", data: value } : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  const [entry, ...others] = Object.entries(value);
  const kind = kinds.find((each) => each === entry?.[0]);
  const base64: unknown = entry?.[1];
  if (kind === undefined || others.length > 0 || typeof base64 !== "string" || !isBase64(base64)) {
    return undefined;
  }
  return { kind, base64 };
}

/** Whether `text` is base64 with its padding (RFC 4648 §4). */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
