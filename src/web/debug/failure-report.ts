import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { printable } from "../../base/text.ts";
import { stackOf } from "../access-log.ts";
import { SourceLocator } from "./source-locator.ts";
import type { Position, StackFrame } from "./stack-frame.ts";
import { parseStack } from "./stack-frame.ts";

/** What a page says of a failure: the error, and then its causes. */
export type FailureReport = readonly ErrorReport[];

/** An error, with all control characters of its texts shown and not sent. */
export interface ErrorReport {
  /** Its name and its code, if it has one. */
  readonly title: string;
  readonly message: string;
  readonly frames: readonly FrameReport[];
}

/** A line of its stack, where it is in the source. */
export interface FrameReport {
  readonly name: string;
  readonly place: string;
  /** Whether it is of the program, and not of a library or of Node. */
  readonly isOwn: boolean;
  readonly excerpt: Excerpt | undefined;
}

/** Some lines of a source. */
export interface Excerpt {
  readonly firstLine: number;
  /** The line that the stack is about. */
  readonly line: number;
  readonly lines: readonly string[];
}

const causesMax = 10;
const framesMax = 30;
const excerptsMax = 8;
/** How many lines stand before and after the one that a stack is about. */
const linesAround = 5;
const lineCharactersMax = 200;
const messageCharactersMax = 4000;

/** Where Waterspout itself lies, compiled and as source; nowhere, where it has been bundled with the program. */
const ownDirectories = /\/web\/debug\/failure-report\.[jt]s$/.test(import.meta.url)
  ? ["../../", "../../../src/"].map((directory) => fileURLToPath(new URL(directory, import.meta.url)))
  : [];

/** Describes what was thrown, whatever it was, by its source. */
export async function reportFailure(error: unknown): Promise<FailureReport> {
  const reports: ErrorReport[] = [];
  const excerpts = new Excerpts();
  try {
    // Causes may go round in a ring.
    for (let each = error; each !== undefined && reports.length <= causesMax; each = causeOf(each)) {
      const frames: FrameReport[] = [];
      for (const frame of framesOf(each)) frames.push(await reportFrame(frame, excerpts));
      reports.push({ ...headingOf(each), frames });
    }
  } catch {
    // What was thrown may be anything, even an error whose stack is a getter that throws.
    reports.push({ title: "Error", message: stackOf(error), frames: [] });
  }
  return reports;
}

/** The excerpts of a page: a limited number, and each once. */
class Excerpts {
  readonly locator: SourceLocator = new SourceLocator();
  readonly #shown = new Set<string>();

  async take({ path, line }: Position): Promise<Excerpt | undefined> {
    const key = `${path}:${line}`;
    if (this.#shown.has(key) || this.#shown.size === excerptsMax) return undefined;
    const lines = await this.locator.linesOf(path);
    if (lines === undefined || line > lines.length) return undefined;
    this.#shown.add(key);
    const firstLine = Math.max(1, line - linesAround);
    return { firstLine, line, lines: lines.slice(firstLine - 1, line + linesAround).map(printableLine) };
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function headingOf(error: unknown): Pick<ErrorReport, "title" | "message"> {
  if (!(error instanceof Error)) return { title: "Not an Error", message: stackOf(error) };
  const { code } = error as { readonly code?: unknown };
  const name = error.name === "Error" ? error.constructor.name : error.name;
  const title = typeof code === "string" || typeof code === "number" ? `${name} ${code}` : name;
  return { title: printable(title), message: printableLines(error.message) };
}

function framesOf(error: unknown): StackFrame[] {
  if (!(error instanceof Error) || typeof error.stack !== "string") return [];
  return parseStack(error.stack, error.message).slice(0, framesMax);
}

async function reportFrame({ name, place, position }: StackFrame, excerpts: Excerpts): Promise<FrameReport> {
  if (position === undefined || isOfLibrary(position.path)) {
    const shown = printable(place, lineCharactersMax);
    return { name: printable(name), place: shown, isOwn: false, excerpt: undefined };
  }
  const source = await excerpts.locator.locate(position);
  const column = source.column === undefined ? "" : `:${source.column}`;
  const shown = printable(`${source.path}:${source.line}${column}`, lineCharactersMax);
  return { name: printable(name), place: shown, isOwn: true, excerpt: await excerpts.take(source) };
}

function isOfLibrary(path: string): boolean {
  return (
    path.includes(`${sep}node_modules${sep}`) ||
    ownDirectories.some((directory) => path.startsWith(directory))
  );
}

function printableLine(line: string): string {
  return printable(line.replaceAll("\t", "    "), lineCharactersMax);
}

/** A text of several lines. */
function printableLines(text: string): string {
  return text.slice(0, messageCharactersMax).split("\n").map(printableLine).join("\n");
}
