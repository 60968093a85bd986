import { misuse } from "../base/errors.ts";
import { quote } from "../base/text.ts";
import { fieldNameOf } from "../protocol/http/field-name.ts";
import { checkHeader } from "../transport/check-header.ts";
import type { HeaderField } from "../transport/http-exchange.ts";

/**
 * The header fields of one response, in the order in which they were first set. They are few: looking at each in turn costs less than a Map.
 */
export class ResponseFields {
  readonly #fields: (readonly [name: string, values: readonly string[]])[] = [];
  /** Their names in lower case. */
  readonly #keys: string[] = [];

  has(name: string): boolean {
    return this.#indexOf(name) !== -1;
  }

  /** The values of a field. */
  get(name: string): readonly string[] | undefined {
    return this.#fields[this.#indexOf(name)]?.[1];
  }

  /** Sets a field in place of those of the same name. @throws WaterspoutError HEADER_INVALID */
  set(name: string, value: string | number | readonly string[]): void {
    const values = Array.isArray(value)
      ? (value as readonly string[]).map((each) => checkValue(name, each))
      : [checkValue(name, value as string | number)];
    checkLength(name, values);
    this.put(name, values);
  }

  /** Adds values to those that a field has. @throws WaterspoutError HEADER_INVALID */
  add(name: string, value: string | number): void {
    const added = checkValue(name, value);
    const [first = name, before = []] = this.#fields[this.#indexOf(name)] ?? [];
    const values = [...before, added];
    checkLength(name, values);
    this.put(first, values);
  }

  /** Sets a field that needs no check. */
  put(name: string, values: readonly string[]): void {
    const index = this.#indexOf(name);
    if (index === -1) {
      this.#fields.push([name, values]);
      this.#keys.push(keyOf(name));
    } else {
      this.#fields[index] = [name, values];
    }
  }

  delete(name: string): void {
    const index = this.#indexOf(name);
    if (index === -1) return;
    this.#fields.splice(index, 1);
    this.#keys.splice(index, 1);
  }

  /** All of them, and behind them cookies. It is the caller's now, and nothing is set here any more. */
  take(cookies: readonly string[]): HeaderField[] {
    if (cookies.length === 0) return this.#fields;
    const own = this.get("Set-Cookie") ?? [];
    this.delete("Set-Cookie");
    this.#fields.push(["Set-Cookie", [...own, ...cookies]]);
    return this.#fields;
  }

  #indexOf(name: string): number {
    return this.#keys.indexOf(keyOf(name));
  }
}

/** Of a name that was checked when it was set; any other names nothing that is there. */
function keyOf(name: string): string {
  return fieldNameOf(name)?.key ?? name;
}

/** A value as text; throws HEADER_INVALID for what may not be sent. */
function checkValue(name: string, value: string | number): string {
  const { key, isOfConnection } = checkHeader(name, value);
  const text = String(value);
  if (!isOfConnection || mayBeSet(key, text)) return text;
  const reason = "it belongs to the connection, which the server keeps";
  throw misuse("HEADER_INVALID", { name: quote(name), reason });
}

/** Throws HEADER_INVALID for a length that could be read in two ways, which is how a second response is smuggled in. */
function checkLength(name: string, values: readonly string[]): void {
  if (keyOf(name) !== "content-length") return;
  if (values.length === 1 && /^\d{1,15}$/.test(values[0]!)) return;
  throw misuse("HEADER_INVALID", { name: quote(name), reason: "it is not one number of bytes" });
}

/** That the connection is to be closed may be asked for. */
function mayBeSet(key: string, value: string): boolean {
  return key === "connection" && value.toLowerCase() === "close";
}

/** Whether a header field is about the connection and not about the response (RFC 9110 §7.6.1), and so is not for handlers. */
export function belongsToConnection(name: string, value: string): boolean {
  const known = fieldNameOf(name);
  return known?.isOfConnection === true && !mayBeSet(known.key, value);
}
