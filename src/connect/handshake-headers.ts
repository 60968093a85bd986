import { misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";
import { parseAuthority } from "../protocol/http/authority.ts";
import { checkHeader } from "../transport/check-header.ts";
import type { RequestHeaders } from "../transport/dial/dial-options.ts";

/** Header fields as a program gives them: an object (a list sends a field several times), `Headers`, or pairs. */
export type HeadersLike =
  Readonly<Record<string, string | readonly string[]>> | Iterable<readonly [name: string, value: string]>;

/** Fields that the client writes itself, or that would change what the request means; with what to do instead. */
const reserved: Readonly<Record<string, string>> = {
  upgrade: "the handshake sets it",
  connection: "the handshake sets it",
  "sec-websocket-protocol": "use the option protocols",
  "sec-websocket-extensions": "use the option compression",
  "proxy-authorization": "it would go to the server; put user and password into the URL of the option proxy",
  "content-length": "a handshake has no body",
  "transfer-encoding": "a handshake has no body",
  trailer: "a handshake has no body",
  expect: "a handshake has no body to wait with",
  "keep-alive": "a WebSocket's connection serves no other request",
  "http2-settings": "it asks for another protocol",
};

/**
 * Checks header fields and makes one list of those with the same name.
 *
 * @throws WaterspoutError HEADER_INVALID for what is no header field, for one that belongs to the handshake, and for a Host that is none.
 */
export function checkRequestHeaders(given: unknown, name = "headers"): RequestHeaders {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null) {
    const expected = "an object, a list of pairs, or Headers";
    throw misuse("SETTING_INVALID", { name, expected, value: kindOf(given) });
  }
  const fields = new Map<string, { name: string; values: string[] }>();
  for (const [fieldName, value] of pairsOf(given)) {
    checkHeader(fieldName, value);
    checkReserved(fieldName as string, value as string);
    const key = (fieldName as string).toLowerCase();
    const field = fields.get(key);
    if (field === undefined) fields.set(key, { name: fieldName as string, values: [String(value)] });
    else field.values.push(String(value));
  }
  const host = fields.get("host")?.values;
  if (host !== undefined && (host.length > 1 || parseAuthority(host[0]) === undefined)) {
    throw misuse("HEADER_INVALID", {
      name: '"Host"',
      reason: `it must be one host name and optionally a port, got ${quote(host.join(", "))}`,
    });
  }
  return Object.fromEntries([...fields.values()].map(({ name: key, values }) => [key, values]));
}

function pairsOf(given: object): (readonly [unknown, unknown])[] {
  if (Symbol.iterator in given) {
    return [...(given as Iterable<unknown>)].map((pair) => {
      if (Array.isArray(pair) && pair.length === 2) return pair as unknown as readonly [unknown, unknown];
      throw misuse("HEADER_INVALID", { name: kindOf(pair), reason: "it is no pair of a name and a value" });
    });
  }
  return Object.entries(given).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((each: unknown) => [name, each] as const) : [[name, value] as const],
  );
}

function checkReserved(name: string, value: string): void {
  const key = name.toLowerCase();
  const reason =
    (Object.hasOwn(reserved, key) ? reserved[key] : undefined) ??
    (key.startsWith("sec-websocket-") ? "the handshake sets it" : undefined);
  if (reason !== undefined) throw misuse("HEADER_INVALID", { name: quote(name), reason });
  if (value === "" && key === "host")
    throw misuse("HEADER_INVALID", { name: quote(name), reason: "it is empty" });
}
