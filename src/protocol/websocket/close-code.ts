/** Close codes that this server itself uses or reports (RFC 6455 §7.4.1). */
export const CloseCode = {
  normal: 1000,
  /** Reported, never sent: the close frame had no code. */
  noStatus: 1005,
  /** Reported, never sent: there was no close frame. */
  abnormal: 1006,
  internalError: 1011,
} as const;

/**
 * Whether a close frame may carry this code: the assigned codes that are meant for the wire (1004 to 1006 and 1015 are
 * not; 1012 to 1014 were registered after RFC 6455), and those of libraries (3000 on) and applications (4000 on).
 */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** The longest close reason, in bytes of UTF-8: a control frame less the two bytes of the code (RFC 6455 §5.5.1). */
export const closeReasonBytesMax = 123;
