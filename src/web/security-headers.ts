/** Header fields of a response, name and value. */
type Fields = readonly (readonly [name: string, value: string])[];

/** For how long a browser remembers that this host speaks https: 180 days. */
const transportSecuritySeconds = 180 * 24 * 3600;

/** What the setting `securityHeaders` gives every response; a handler may set others, or clear them. */
const always: Fields = [
  // A type that was said is not guessed again.
  ["X-Content-Type-Options", "nosniff"],
  // No page of another site shows this one in a frame, under a button of its own (clickjacking); the second is for old browsers.
  ["Content-Security-Policy", "frame-ancestors 'self'"],
  ["X-Frame-Options", "SAMEORIGIN"],
  // Other sites learn which site a link was on, and not the page.
  ["Referrer-Policy", "strict-origin-when-cross-origin"],
  // A page that opened this one, or was opened by it, holds no handle on it unless it is of the same origin.
  ["Cross-Origin-Opener-Policy", "same-origin"],
  // Pages of other sites do not load this as an image or a script, where it could be read by side channels.
  ["Cross-Origin-Resource-Policy", "same-site"],
];

const overHttps: Fields = [
  ...always,
  // Only over https: over http a browser must ignore it (RFC 6797 §7.2). Subdomains are for their owner to decide.
  ["Strict-Transport-Security", `max-age=${transportSecuritySeconds}`],
];

/** The header fields of the preset for a request that came over `protocol`. */
export function securityHeaders(protocol: "http" | "https"): Fields {
  return protocol === "https" ? overHttps : always;
}
