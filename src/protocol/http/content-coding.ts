/** A content coding that responses can be given (RFC 9110 §8.4.1). */
export type ContentCoding = "br" | "gzip";

/** How many members of an Accept-Encoding are looked at: more than any client sends. */
const membersMax = 20;

/**
 * The coding that a client prefers (RFC 9110 §12.5.3), of those it likes equally the one that comes first in `codings`; undefined for
 * none. What it does not name it does not want, unless it says `*`.
 */
export function negotiateCoding(
  acceptEncoding: string | undefined,
  codings: readonly ContentCoding[],
): ContentCoding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const member of acceptEncoding.split(",", membersMax)) {
    const [name = "", ...parameters] = member.split(";");
    weights.set(name.trim().toLowerCase(), weightOf(parameters));
  }
  const others = weights.get("*") ?? 0;
  // A client that likes its bytes as they are gets them so.
  const plain = weights.get("identity") ?? 0;
  let chosen: ContentCoding | undefined;
  let best = 0;
  for (const coding of codings) {
    // RFC 9110 §8.4.1.3: a recipient takes x-gzip for gzip.
    const weight = weights.get(coding) ?? (coding === "gzip" ? weights.get("x-gzip") : undefined) ?? others;
    if (weight > best && weight >= plain) {
      chosen = coding;
      best = weight;
    }
  }
  return chosen;
}

/** The weight that a member has (RFC 9110 §12.4.2): 1 where it says none, 0 where it says nonsense. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    if (equals === -1 || parameter.slice(0, equals).trim().toLowerCase() !== "q") continue;
    const weight = parameter.slice(equals + 1).trim();
    return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
  }
  return 1;
}

const worthwhile: ReadonlySet<string> = new Set([
  "application/javascript",
  "application/json",
  "application/manifest+json",
  "application/rtf",
  "application/wasm",
  "application/x-javascript",
  "application/x-ndjson",
  "application/xml",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/svg+xml",
  "image/x-icon",
]);

/** Whether content of a type becomes smaller by compression: text does, what is compressed already does not. */
export function isWorthCompressing(contentType: string): boolean {
  const end = contentType.indexOf(";");
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return type.startsWith("text/") || type.endsWith("+json") || type.endsWith("+xml") || worthwhile.has(type);
}
