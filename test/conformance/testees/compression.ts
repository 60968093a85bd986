import type { Endpoint } from "../runner/case.ts";
import { leanTerms } from "../runner/case.ts";

/** Asks for nothing and allows everything, so that it is the other end that decides; the defaults save memory. */
const openTerms = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
} as const;

/** The option `compression` of an endpoint, for our server and our client; none where it has no compression. */
export function compressionOf(endpoint: Endpoint): object {
  if (!endpoint.startsWith("deflate")) return {};
  const terms = endpoint === "deflate-lean" ? leanTerms : openTerms;
  return { compression: { thresholdBytes: 0, ...terms } };
}
