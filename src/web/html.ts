const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};

/**
 * Text as it may stand in HTML, in an element or a quoted attribute.
 *
 * @example
 * class Greeting extends RequestHandler {
 *   get() {
 *     return `Hello, ${escapeHtml(this.getQueryArgument("name"))}!`;
 *   }
 * }
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Text that is HTML already: a template puts it out as it is. Made by `rawHtml`. */
export class RawHtml {
  readonly #html: string;

  /** @internal */
  constructor(html: string) {
    this.#html = html;
  }

  /** The HTML. */
  toString(): string {
    return this.#html;
  }
}

/**
 * Marks a text as HTML, which templates then put out without escaping. Only for what your program, or a sanitizer, has made: what
 * a visitor wrote would let him run scripts in the pages of others.
 *
 * @example
 * class Story extends RequestHandler {
 *   get() {
 *     return this.render("story", { text: rawHtml("<em>made by a sanitizer</em>") });
 *   }
 * }
 */
export function rawHtml(html: string): RawHtml {
  return new RawHtml(html);
}

const scriptEscapes: Readonly<Record<string, string>> = {
  "<": String.raw`\u003c`,
  ">": String.raw`\u003e`,
  "&": String.raw`\u0026`,
  "'": String.raw`\u0027`,
  "\u2028": String.raw`\u2028`,
  "\u2029": String.raw`\u2029`,
};

/**
 * A value as JSON that may stand in a `<script>` as it is: no text in it can end the script or begin a comment of HTML. It is text:
 * where a template escapes it, it may stand in a quoted attribute.
 */
export function jsonEncode(value: unknown): string {
  // Of undefined, and of a function, JSON knows nothing; a script would not be valid with nothing in its place.
  const text = (JSON.stringify(value) as string | undefined) ?? "null";
  return text.replace(/[<>&'\u2028\u2029]/g, (character) => scriptEscapes[character] ?? character);
}
