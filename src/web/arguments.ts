/**
 * Reads a query string (application/x-www-form-urlencoded, WHATWG URL §5.1), strictly: bytes that are no UTF-8 are
 * not replaced but reported, as undefined in place of the value.
 */
export function parseQuery(query: string): (readonly [name: string, value: string | undefined])[] {
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const name = equals === -1 ? pair : pair.slice(0, equals);
      return [decode(name) ?? name, decode(equals === -1 ? "" : pair.slice(equals + 1))];
    });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
