import { randomUUID } from "node:crypto";
import { compileFunction } from "node:vm";
import { Eta, EtaParseError } from "eta/core";
import type { WaterspoutError } from "../../base/errors.ts";
import { misuse } from "../../base/errors.ts";
import { printable } from "../../base/text.ts";
import type { TemplateFile } from "../../transport/template-files.ts";
import { StackMap } from "./stack-map.ts";
import type { Tag } from "./tag-positions.ts";
import { locateTags } from "./tag-positions.ts";

/** What a template's code knows of the call: its name, from which the names of templates that it includes are relative. */
export interface RenderOptions {
  readonly filepath: string;
}

/** Where a template's code notes the line of the tag that puts something out. */
export interface Progress {
  line: number;
}

/** What a template's code calls. */
export interface TemplateRuntime {
  readonly config: {
    readonly escapeFunction: (value: unknown) => string;
  };
  /** Includes a template, or goes on with a layout. */
  render(name: string, data: object, options: RenderOptions): string;
}

/** A template as a function, with a map from its code to its text. */
export interface CompiledTemplate {
  readonly name: string;
  readonly run: (this: TemplateRuntime, data: object, options: RenderOptions, progress: Progress) => string;
  readonly stackMap: StackMap;
}

/**
 * Where the library hands a page's blocks to its layout, among the data. They are put out as they are, so that nobody must be able to put
 * in others: a handler may hand on an object that came as JSON.
 */
const blocksKey = `blocks ${randomUUID()}`;

/** Stands where the template begins in its code. */
const beginning = "/* the template */";

/**
 * Compiles a template. The library makes the code of it; the function is made by Node, and not by the library, because Node says in
 * which line a syntax error is.
 *
 * @throws WaterspoutError TEMPLATE_INVALID
 */
export function compileTemplate(name: string, file: TemplateFile): CompiledTemplate {
  const stackMap = new StackMap(name, file);
  try {
    const code = makeCode(file.text, stackMap);
    const names = ["it", "options", "__progress"];
    const run = compileFunction(code, names, { filename: stackMap.codeName }) as CompiledTemplate["run"];
    return { name, run, stackMap };
  } catch (error) {
    throw invalidTemplate(error, name, stackMap);
  }
}

function makeCode(text: string, stackMap: StackMap): string {
  let positions = locateTags(text, []);
  const eta = new Eta({
    // Text stands in the page as it does in the template; `-%>` takes the end of its line away.
    autoTrim: false,
    plugins: [
      {
        processAST: (parts) => {
          positions = locateTags(text, parts);
          const lines = positions.map(({ line }) => line).values();
          const noting = parts.map((part) =>
            typeof part === "string" ? part : notingLine(part, lines.next().value ?? 1),
          );
          return [{ t: "e", val: beginning }, ...noting];
        },
        processFnString: (code) =>
          code.replaceAll(".__blocks", `["${blocksKey}"]`).replaceAll("__blocks:", `"${blocksKey}":`),
      },
    ],
  });
  const code = eta.compileToString(text);
  stackMap.learn(positions, code, beginning);
  return code;
}

/**
 * A tag that puts a value out says where it is, for errors whose stack does not reach down to the template. Others may be half a statement,
 * into which nothing can be put.
 */
function notingLine(tag: Tag, line: number): Tag {
  if (tag.t !== "i" || tag.val.trim() === "") return tag;
  return { t: tag.t, val: `(__progress.line=${line},${tag.val})` };
}

function invalidTemplate(error: unknown, name: string, stackMap: StackMap): WaterspoutError {
  if (!(error instanceof Error)) throw error;
  let line = stackMap.lineIn(error.stack ?? "") ?? 1;
  let [reason = ""] = error.message.split("\n", 1);
  if (error instanceof EtaParseError) {
    const place = / at line (\d+) col \d+:$/.exec(reason);
    line = Number(place?.[1] ?? line);
    reason = reason.slice(0, place?.index);
  }
  const invalid = misuse("TEMPLATE_INVALID", { name, line, reason: printable(reason) });
  invalid.stack = stackMap.stackAt(invalid, line, invalid.stack ?? "");
  return invalid;
}
