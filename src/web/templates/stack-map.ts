import type { TemplateFile } from "../../transport/template-files.ts";
import type { TagPosition } from "./tag-positions.ts";
import { countLines } from "./tag-positions.ts";

/** Begins the name of a template's code in stacks. It must not look like the template, since its lines are others. */
const codePrefix = "compiled template ";

/** Knows which line of a template a line of its code is of. */
export class StackMap {
  readonly #name: string;
  readonly #file: TemplateFile;
  /** What the code is called where it is compiled. */
  readonly codeName: string;
  #tags: readonly TagPosition[] = [];
  /** How many lines of the code stand before the first part of the template. */
  #linesBefore = 0;

  constructor(name: string, file: TemplateFile) {
    this.#name = name;
    this.#file = file;
    this.codeName = codePrefix + file.path;
  }

  /** Learns where the tags have gone. `code` has the mark where the template begins. */
  learn(tags: readonly TagPosition[], code: string, mark: string): void {
    this.#tags = tags;
    this.#linesBefore = countLines(code.slice(0, code.indexOf(mark))) + 1;
  }

  /** The line of the template at which a stack stands that is furthest in; undefined where the stack does not reach to it. */
  lineIn(stack: string): number | undefined {
    const mark = `${this.codeName}:`;
    for (let at = stack.indexOf(mark); at !== -1; at = stack.indexOf(mark, at + 1)) {
      const line = this.#lineOf(Number.parseInt(stack.slice(at + mark.length), 10));
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** The stack with places in the template instead of those in its code. */
  mapStack(stack: string): string {
    const lines = stack.split("\n").flatMap((text) => {
      if (!text.includes(`${this.codeName}:`)) return text;
      const line = this.lineIn(text);
      return line === undefined ? [] : this.frame(line);
    });
    return lines.join("\n");
  }

  /** The stack of an error at a line of this template, under which are the templates that include it, as `stack` has them. */
  stackAt(error: Error, line: number, stack: string): string {
    const inner = stack
      .split("\n")
      .filter((text) => text.trim().startsWith("at ") && text.includes(codePrefix));
    const others = inner.filter((text) => !text.includes(`${this.codeName}:`));
    return [`${error.name}: ${error.message}`, this.frame(line), ...others].join("\n");
  }

  /** A line of a stack. */
  frame(line: number): string {
    return `    at ${this.#name} (${this.#file.path}:${line})`;
  }

  /** Undefined for what the library has put before the template, such as its function `include`. */
  #lineOf(codeLine: number): number | undefined {
    const inBody = codeLine - 1 - this.#linesBefore;
    if (inBody < 0) return undefined;
    const tag = this.#tags.findLast((each) => each.codeLine <= inBody);
    return tag === undefined ? 1 : tag.line + Math.min(inBody - tag.codeLine, tag.moreLines);
  }
}
