import { misuse } from "../base/errors.ts";

/** What a pattern found in a path, percent-decoded: by name, or by position. */
export interface PathMatch {
  readonly params: Readonly<Record<string, string>>;
  readonly pathArgs: readonly (string | undefined)[];
}

/** Values for the parameters of a pattern, to make a path. */
export type PathValues = Readonly<Record<string, string | number>>;

/** A piece of a path to be made: a literal, or the name of a value; a group without a name goes by its position. */
type Piece = string | { readonly name: string | undefined };

interface Compiled {
  readonly source: string;
  /** The names of its groups, in order; undefined for one that goes by its position. */
  readonly names: readonly (string | undefined)[];
  /** Undefined for an expression that is more than literals and simple groups. */
  readonly pieces: readonly Piece[] | undefined;
}

/**
 * A path pattern: strings with `:name` segments and a final `*`, and RegExps, one behind the other as they were nested.
 * It is matched, anchored at both ends, against the path as it came, and the values found are decoded afterwards: an
 * encoded slash is part of a value and never separates segments.
 */
export class PathPattern {
  readonly #expression: RegExp;
  readonly #compiled: readonly Compiled[];
  readonly #text: string;
  /** What every path that matches begins with: comparing it spares most searches. */
  readonly #prefix: string;
  /** Whether the prefix is the whole of the pattern. */
  readonly #isLiteral: boolean;
  /** The names of the groups, in order; none where they go by position. */
  readonly #names: readonly string[];

  /** @throws WaterspoutError ROUTE_INVALID */
  constructor(parts: readonly (string | RegExp)[]) {
    this.#text = parts.map(String).join("");
    const isWildcardLast = parts
      .slice(0, -1)
      .every((part) => typeof part !== "string" || !part.endsWith("/*"));
    if (!isWildcardLast) this.#invalid('"*" can only be the last segment');
    this.#compiled = parts.map((part) =>
      typeof part === "string" ? compileString(part) : compileExpression(part),
    );
    const source = this.#compiled.map((compiled) => compiled.source).join("");
    this.#expression = this.#compile(`^${source}$`, this.#flags(parts));
    this.#names = this.#groupNames();
    const isText = parts.every((part) => typeof part === "string");
    this.#prefix = isText ? literalPrefix(this.#text) : "";
    this.#isLiteral = isText && this.#prefix === this.#text;
  }

  /** What the path matched: undefined when it did not, a string when it is that part that cannot be decoded. */
  match(path: string): PathMatch | string | undefined {
    if (this.#isLiteral) return path === this.#text ? nothingFound : undefined;
    if (!path.startsWith(this.#prefix)) return undefined;
    const found = this.#expression.exec(path);
    if (found === null) return undefined;
    const params = new Params() as Record<string, string>;
    const pathArgs: (string | undefined)[] = [];
    for (let group = 1; group < found.length; group++) {
      const raw = found[group];
      const value = raw === undefined ? undefined : decode(raw);
      if (value === null) return raw ?? "";
      pathArgs.push(value);
      const name = this.#names[group - 1];
      if (name !== undefined && value !== undefined) params[name] = value;
    }
    return { params, pathArgs };
  }

  /**
   * The path that has these values: by name, or by position for a RegExp without names ("0", "1", …).
   *
   * @returns the path, or why there is none.
   */
  reverse(values: PathValues): { readonly path: string } | { readonly reason: string } {
    const used = new Set<string>();
    let position = 0;
    let path = "";
    for (const { pieces } of this.#compiled) {
      if (pieces === undefined) return { reason: `${this.#text} is not simple enough` };
      for (const piece of pieces) {
        if (typeof piece === "string") {
          path += piece;
          continue;
        }
        const name = piece.name ?? String(position++);
        const value = Object.hasOwn(values, name) ? values[name] : undefined;
        if (value === undefined) return { reason: `${name} is missing` };
        used.add(name);
        const encoded = name === "*" ? encodePath(String(value)) : encode(String(value));
        if (encoded === undefined) return { reason: `${name} is no text (half a surrogate pair)` };
        path += encoded;
      }
    }
    const surplus = Object.keys(values).filter((name) => !used.has(name));
    if (surplus.length > 0) return { reason: `it has no parameter ${surplus.join(", ")}` };
    return this.#expression.test(path) ? { path } : { reason: `${path} does not match ${this.#text}` };
  }

  /** What is right by itself may be wrong together: two groups of one name, for example. */
  #compile(source: string, flags: string): RegExp {
    try {
      return new RegExp(source, flags);
    } catch (error) {
      return this.#invalid(error instanceof Error ? error.message : String(error));
    }
  }

  #flags(parts: readonly (string | RegExp)[]): string {
    const flags = parts
      .filter((part) => part instanceof RegExp)
      .map((part) => part.flags.replace(/[dgy]/g, ""));
    if (new Set(flags).size > 1) this.#invalid("nested expressions must have the same flags");
    return flags[0] ?? "";
  }

  /** Throws ROUTE_INVALID where some groups have names and others have none, or where two have the same. */
  #groupNames(): readonly string[] {
    const all = this.#compiled.flatMap(({ names }) => names);
    const named = all.filter((name) => name !== undefined);
    if (named.length > 0 && named.length < all.length)
      this.#invalid("groups must be all named or all positional");
    const twice = named.find((name, index) => named.indexOf(name) !== index);
    if (twice !== undefined) this.#invalid(`parameter :${twice} occurs twice`);
    return named;
  }

  #invalid(reason: string): never {
    throw misuse("ROUTE_INVALID", { route: this.#text, reason });
  }
}

/** Parameters by name, and nothing that any other object has. Objects of one class stay fast, those without a prototype never are. */
class Params {
  static {
    Object.setPrototypeOf(this.prototype, null);
    delete (this.prototype as { constructor?: unknown }).constructor;
    Object.freeze(this.prototype);
  }
}

/** What a pattern without groups finds. */
const nothingFound: PathMatch = Object.freeze({
  params: Object.freeze(new Params() as Record<string, string>),
  pathArgs: Object.freeze([]),
});

/** The beginning of a string pattern that means itself and comes in one spelling only: letters, digits, and a few signs. */
function literalPrefix(pattern: string): string {
  return /^(?:\/[\w.~-]*(?=\/|$))*/.exec(pattern)?.[0] ?? "";
}

function decode(raw: string): string | null {
  if (!raw.includes("%")) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return null;
  }
}

/** Percent-encodes; undefined for half a surrogate pair, which has no encoding. */
function encode(text: string): string | undefined {
  try {
    return encodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function encodePath(path: string): string | undefined {
  const segments = path.split("/").map(encode);
  return segments.includes(undefined) ? undefined : segments.join("/");
}

function compileString(pattern: string): Compiled {
  const invalid = (reason: string): never => {
    throw misuse("ROUTE_INVALID", { route: pattern, reason });
  };
  if (pattern === "") return { source: "", names: [], pieces: [] };
  if (!pattern.startsWith("/")) invalid('a path pattern begins with "/"');
  if (encode(pattern) === undefined) invalid("half a surrogate pair is no text");
  const segments = pattern.slice(1).split("/");
  const names: string[] = [];
  const sources = segments.map((segment, index) => {
    if (segment === "*") {
      if (index !== segments.length - 1) invalid('"*" can only be the last segment');
      names.push("*");
      return "(.*)";
    }
    if (!segment.startsWith(":")) {
      if (/[*?#]/.test(segment)) invalid(`segment "${segment}" has a character with a meaning; use a RegExp`);
      return escapeLiteral(segment);
    }
    const name = segment.slice(1);
    if (!/^[A-Za-z_]\w*$/.test(name))
      invalid(`":${name}" is not a parameter; use :name as a whole segment, or a RegExp`);
    names.push(name);
    // Without its name: for an expression that has names V8 makes an object of them whenever it matches.
    return "([^/]+)";
  });
  const pieces = segments.flatMap((segment): Piece[] => {
    if (segment === "*") return ["/", { name: "*" }];
    if (segment.startsWith(":")) return ["/", { name: segment.slice(1) }];
    return [`/${encodeURI(segment)}`];
  });
  return { source: sources.map((each) => `/${each}`).join(""), names, pieces };
}

/** A literal as it may stand in a request: a character that some clients percent-encode is taken in both forms. */
function escapeLiteral(segment: string): string {
  return Array.from(segment, (character) => {
    const plain = character.replace(/[.*+?^${}()|[\]\\]/, String.raw`\$&`);
    const encoded = encodeURI(character);
    if (encoded === character) return plain;
    // Hex digits of either case.
    const either = encoded.replaceAll(/[A-F]/g, (digit) => `[${digit}${digit.toLowerCase()}]`);
    // A percent sign in a request begins an escape, and is never one itself.
    return /^[!-$&-~]$/.test(character) ? `(?:${either}|${plain})` : either;
  }).join("");
}

function compileExpression(expression: RegExp): Compiled {
  // Anchors of its own would be right only at one end of a nested pattern, and say nothing new at the other.
  const source = expression.source.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
  return { source: `(?:${source})`, names: namesOf(source, expression.flags), pieces: piecesOf(source) };
}

/** The names of an expression's groups, or undefined for each where they have none. */
function namesOf(source: string, flags: string): (string | undefined)[] {
  // With an empty alternative it matches the empty text, and so tells its groups.
  const found = new RegExp(`${source}|`, flags.replace(/[gy]/g, "")).exec("");
  const names = Object.keys(found?.groups ?? {});
  const count = (found?.length ?? 1) - 1;
  // A group without a name between those that have one is told by their number.
  return Array.from({ length: count }, (_, index) => names[index]);
}

/** The pieces of an expression that is made of literals and of groups that contain no others. */
function piecesOf(source: string): Piece[] | undefined {
  const parts = source.split(/(\((?!\?[:=!]|\?<[=!])[^()]*\))/);
  const isSimple = parts.every(
    (part, index) => index % 2 === 1 || /^(?:[^\\()[\]{}.*+?|^$]|\\[/.-])*$/.test(part),
  );
  if (!isSimple) return undefined;
  return parts.map((part, index) =>
    index % 2 === 0 ? part.replaceAll(/\\(.)/g, "$1") : { name: /^\(\?<(\w+)>/.exec(part)?.[1] },
  );
}
