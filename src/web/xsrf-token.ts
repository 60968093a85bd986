import { randomBytes } from "node:crypto";

/**
 * The tokens against cross-site request forgery. A token has 16 random bytes and is written as Tornado does,
 * `2|<mask>|<masked bytes>|<seconds>` in hex, with another mask each time, so that a compressed page gives nothing away
 * about it (the BREACH attack). Tornado's older form without a mask is not read: a new cookie replaces it.
 */
export interface XsrfToken {
  readonly bytes: Uint8Array;
  /** When it was made, in seconds since 1970. */
  readonly seconds: number;
}

const tokenBytes = 16;
const maskBytes = 4;
const pattern = /^2\|([0-9a-f]{8})\|([0-9a-f]{32})\|(\d{1,15})$/i;

/** A new token. */
export function createXsrfToken(): XsrfToken {
  return { bytes: randomBytes(tokenBytes), seconds: Math.floor(Date.now() / 1000) };
}

/** A token as it goes out, with a new mask. */
export function maskXsrfToken({ bytes, seconds }: XsrfToken): string {
  const mask = randomBytes(maskBytes);
  return `2|${mask.toString("hex")}|${applyMask(mask, bytes).toString("hex")}|${seconds}`;
}

/** A token that came; undefined when it is none. */
export function unmaskXsrfToken(text: string | undefined): XsrfToken | undefined {
  const [, mask, masked, seconds] = pattern.exec(text ?? "") ?? [];
  if (mask === undefined || masked === undefined) return undefined;
  const bytes = applyMask(Buffer.from(mask, "hex"), Buffer.from(masked, "hex"));
  return { bytes, seconds: Number(seconds) };
}

function applyMask(mask: Uint8Array, bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ mask[at % maskBytes]!));
}
