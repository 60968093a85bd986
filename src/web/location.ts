/** A Location as a header field may carry it: what is no ASCII is percent-encoded, what is encoded stays. */
export function encodeLocation(url: string): string {
  // Browsers take a backslash for a slash, and two at the front for another host.
  return url.replace(/[^\x21-\x7e]+|\\+/g, (text) => encodeURIComponent(text.toWellFormed()));
}
