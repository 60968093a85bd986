import type { Difference } from "../runner/suite.ts";
import type { Known } from "./test-testee.ts";

/** Where ws 8 does something else than the suite expects, and why that is no mistake of the suite. */
const differences: readonly Difference[] = [
  {
    cases: /^6\.(4|f|g|d\.8)(\.|$)/,
    isLate: true,
    reason: "ws validates a text when it is complete; RFC 6455 §8.1 does not say when, fail-fast is ours",
  },
  {
    cases: /^1\.a\.[1-5]$/,
    isSkipped: true,
    reason: "ws accepts lengths in more bytes than they need, which RFC 6455 §5.2 forbids senders",
  },
  {
    cases: /^1\.a\.[67]$/,
    end: { codes: [1009] },
    reason: "ws calls a length of more than 2^53 too big, whatever its highest bit",
  },
  {
    cases: /^H\.1\.8$/,
    isSkipped: true,
    reason: "ws chooses the first subprotocol unless it is told otherwise",
  },
  {
    cases: /^H\.2\.1$/,
    isSkipped: true,
    reason: "ws takes version 8, too",
  },
  {
    cases: /^H\.2\.(12|13|17)$/,
    statuses: [101],
    reason: "ws looks neither at the version of HTTP and at Host nor, without compression, at extensions",
  },
  {
    cases: /^H\.3\.([689]|1[0-8]|2[0-2])$/,
    statuses: [400],
    reason:
      "ws refuses the handshake where RFC 7692 §7.1 asks to decline the offer, and blanks around the sign =",
  },
  {
    cases: /^(H\.3\.(19|23)|A\.4\.14)$/,
    isSkipped: true,
    reason: "ws takes any form of a number: 010 and 1e1 are 10",
  },
  {
    cases: /^A\.4\.18$/,
    isSkipped: true,
    reason: "ws looks at the first permessage-deflate of an answer that has two",
  },
  {
    cases: /^13\.q\./,
    mayRefuse: true,
    reason:
      "ws refuses the handshake where the offer does not allow what it is set to (RFC 7692 §7.1: decline)",
  },
];

/** It begins anew after a final block, and ends its message there; its limit counts compressed bytes, too. */
export const knownOfWs: Known = { differences, open: /^13\.(a\.10|a\.11|e\.6) / };
