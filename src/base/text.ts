/**
 * A value that came from outside, as it may stand in a log line or an error message: in quotes, control characters
 * escaped, and not longer than a person reads. Nobody outside can end a log line or colour a terminal.
 */
export function quote(value: string | undefined): string {
  return value === undefined ? "nothing" : `"${printable(value.replaceAll(/["\\]/g, String.raw`\$&`))}"`;
}

/** Like `quote`, but without the quotes, for addresses and paths. */
export function printable(value: string, charactersMax = 200): string {
  const shown = value.length > charactersMax ? `${value.slice(0, charactersMax)}…` : value;
  // Nearly everything is plain, and looked at for nearly every line of a log.
  if (/^[ -~]*$/.test(shown)) return shown;
  // Control characters, line separators and direction overrides: what a log line must not contain.
  return shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const point = Number(character.codePointAt(0));
    return point < 0x100 ? `\\x${point.toString(16).padStart(2, "0")}` : `\\u{${point.toString(16)}}`;
  });
}

/** The kind of a value, for messages that say what was got. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "without a prototype"})`;
  if (typeof value === "string") return quote(value);
  if (typeof value === "function") return value.name === "" ? "a function" : `a function (${value.name})`;
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "symbol" ? "a symbol" : `${value as number | boolean | undefined}`;
}
