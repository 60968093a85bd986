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
    const at = stack.indexOf(`${this.codeName}:`);
    if (at === -1) return undefined;
    return this.#lineOf(Number.parseInt(stack.slice(at + this.codeName.length + 1), 10));
  }

  /** The stack with places in the template instead of those in its code. */
  mapStack(stack: string): string {
    const lines = stack.split("\n").map((text) => {
      const line = this.lineIn(text);
      return line === undefined ? text : this.frame(line);
    });
    return lines.join("\n");
  }

  /** A line of a stack. */
  frame(line: number): string {
    return `    at ${this.#name} (${this.#file.path}:${line})`;
  }

  #lineOf(codeLine: number): number {
    const inBody = codeLine - 1 - this.#linesBefore;
    const tag = this.#tags.findLast((each) => each.codeLine <= inBody);
    return tag === undefined ? 1 : tag.line + Math.min(inBody - tag.codeLine, tag.moreLines);
  }
}
