/**
 * Whether a list of entity tags, or `*`, names `etag` by the weak comparison (RFC 9110 §8.8.3.2), which If-None-Match asks for: the client
 * has what is as good as what it would get. What breaks the grammar names nothing.
 */
export function matchesEtag(list: string, etag: string): boolean {
  return names(list, (tag) => opaqueOf(tag) === opaqueOf(etag));
}

/** The same by the strong comparison, for who goes on with the very same bytes: a weak tag is equal to none, itself included. */
export function matchesEtagStrongly(list: string, etag: string): boolean {
  return names(list, (tag) => tag === etag && !isWeak(etag));
}

function names(list: string, isSame: (tag: string) => boolean): boolean {
  if (list.trim() === "*") return true;
  // Sticky, so that each step begins where the last one ended: one pass over the value, whatever a stranger wrote.
  const member = /[\t ,]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?=,|$)/y;
  for (let match = member.exec(list); match !== null; match = member.exec(list)) {
    if (isSame(match[1]!)) return true;
  }
  return false;
}

function opaqueOf(etag: string): string {
  return isWeak(etag) ? etag.slice(2) : etag;
}

function isWeak(etag: string): boolean {
  return etag.startsWith("W/");
}
