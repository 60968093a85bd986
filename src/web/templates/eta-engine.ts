import { posix } from "node:path";
import { BodyError } from "../../base/body-error.ts";
import { misuse, WaterspoutError } from "../../base/errors.ts";
import { kindOf, printable, quote } from "../../base/text.ts";
import type { TemplateFile } from "../../transport/template-files.ts";
import { readTemplateFiles } from "../../transport/template-files.ts";
import { Finish } from "../finish.ts";
import { escapeHtml, RawHtml } from "../html.ts";
import { HttpError } from "../http-error.ts";
import { Refusal } from "../refusal.ts";
import type { CompiledTemplate, RenderOptions, TemplateRuntime } from "./compiled-template.ts";
import { compileTemplate } from "./compiled-template.ts";
import type { StackMap } from "./stack-map.ts";
import type { TemplateEngine, TemplateNamespace } from "./template-engine.ts";

/** What a template's file ends in. The first may be left out of its name. */
const extensions = [".eta", ".html"] as const;

/**
 * The templates of a directory, in the language of the library eta.
 *
 * All are read, asynchronously, and compiled before the application listens, so that nobody waits for a file, an error in one is found at
 * once, and a name can only mean what has been read: no name leads out of the directory. With `debug` what has changed is read
 * again for each page, and compiled when it is used.
 */
export class EtaEngine implements TemplateEngine {
  readonly #directory: string;
  readonly #rereads: boolean;
  #files: ReadonlyMap<string, TemplateFile> = new Map();
  /** By the file as it was read: when it is read anew, it is compiled anew. */
  readonly #compiled = new WeakMap<TemplateFile, CompiledTemplate>();
  readonly #runtime: TemplateRuntime = {
    config: { escapeFunction: escapeValue },
    render: (name, data, { filepath }) => this.#run(this.#find(name, filepath), data),
  };

  constructor(directory: string, debug: boolean) {
    this.#directory = directory;
    this.#rereads = debug;
  }

  /** Reads the templates, and compiles them unless they are read again for each page. */
  async load(): Promise<void> {
    await this.#read();
    if (!this.#rereads) for (const [name, file] of this.#files) this.#compile(name, file);
  }

  /** @throws WaterspoutError TEMPLATE_NOT_FOUND, TEMPLATE_INVALID, TEMPLATE_FAILED, TEMPLATES_UNREADABLE */
  async render(name: string, names: TemplateNamespace): Promise<string> {
    if (this.#rereads) await this.#read();
    return this.#run(this.#find(name, ""), names);
  }

  async #read(): Promise<void> {
    try {
      this.#files = await readTemplateFiles(this.#directory, extensions, this.#files);
    } catch (error) {
      const reason = printable((error as Error).message);
      throw misuse("TEMPLATES_UNREADABLE", { path: this.#directory, reason }, { cause: error });
    }
  }

  /** A template by a name that is relative to the one that asks for it, or from the directory on where it begins with a slash. */
  #find(name: string, from: string): CompiledTemplate {
    if (typeof name !== "string" || name === "") {
      const expected = "the name of a template";
      throw misuse("ARGUMENT_TYPE_INVALID", { name: "name", expected, got: kindOf(name) });
    }
    const path = posix.join("/", name.startsWith("/") ? "" : posix.dirname(from), name).slice(1);
    for (const candidate of [path, path + extensions[0]]) {
      const file = this.#files.get(candidate);
      if (file !== undefined) return this.#compile(candidate, file);
    }
    const looked = `${printable(path)} and ${printable(path + extensions[0])} in ${this.#directory}`;
    throw misuse("TEMPLATE_NOT_FOUND", { name: quote(name), looked });
  }

  #compile(name: string, file: TemplateFile): CompiledTemplate {
    const known = this.#compiled.get(file);
    if (known !== undefined) return known;
    const compiled = compileTemplate(name, file);
    this.#compiled.set(file, compiled);
    return compiled;
  }

  #run(template: CompiledTemplate, data: object): string {
    const progress = { line: 1 };
    const options: RenderOptions = { filepath: template.name };
    try {
      return Reflect.apply(template.run, this.#runtime, [data, options, progress]);
    } catch (error) {
      throw locate(error, template, progress.line);
    }
  }
}

/** A value as it stands in HTML: nothing for what is not there, and as it is what is HTML already. */
function escapeValue(value: unknown): string {
  // oxlint-disable-next-line typescript/no-base-to-string -- as the language has it; what is put out is up to the template
  return value instanceof RawHtml ? String(value) : escapeHtml(String(value ?? ""));
}

/** What a template threw, with the place in the template. */
function locate(error: unknown, { name, stackMap }: CompiledTemplate, lineNoted: number): unknown {
  // These say how the request is to be answered.
  if ([HttpError, Refusal, Finish, BodyError].some((Answer) => error instanceof Answer)) return error;
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : "";
  const line = stackMap.lineIn(stack) ?? lineNoted;
  if (isLocated(error)) {
    // By another template, which this one includes: its stack has this one's place, unless it does not reach so far.
    const mapped = stackMap.mapStack(stack);
    const frame = stackMap.frame(line);
    error.stack = mapped !== stack || stack.endsWith(frame) ? mapped : `${stack}\n${frame}`;
    if (error.cause instanceof Error) mapStackOf(error.cause, stackMap);
    return error;
  }
  const [reason = ""] = (error instanceof Error ? error.message : kindOf(error)).split("\n", 1);
  const failure = misuse("TEMPLATE_FAILED", { name, line, reason: printable(reason) }, { cause: error });
  failure.stack = stackMap.stackAt(failure, line, stack);
  if (error instanceof Error) mapStackOf(error, stackMap);
  return failure;
}

function mapStackOf(error: Error, stackMap: StackMap): void {
  // Quietly where it cannot be set, since an error may be frozen.
  if (typeof error.stack === "string") Reflect.set(error, "stack", stackMap.mapStack(error.stack));
}

function isLocated(error: unknown): error is WaterspoutError {
  return (
    error instanceof WaterspoutError &&
    (error.code === "TEMPLATE_FAILED" || error.code === "TEMPLATE_INVALID")
  );
}
