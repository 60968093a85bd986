import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** Where in a file something is. Both numbers count from 1; a stack may not know the column. */
export interface Position {
  readonly path: string;
  readonly line: number;
  readonly column: number | undefined;
}

/** A line of a stack. */
export interface StackFrame {
  /** The function, as the engine calls it; empty where it has no name. */
  readonly name: string;
  /** The place as it stands there. */
  readonly place: string;
  /** Undefined where that is no file: in Node itself, or in code that was made at run time. */
  readonly position: Position | undefined;
}

/** The frames of a stack; `message` is what stands before them, which may look like frames itself. */
export function parseStack(stack: string, message: string): StackFrame[] {
  const at = stack.indexOf(message);
  const frames = at === -1 ? stack : stack.slice(at + message.length);
  return frames.split("\n").flatMap((line) => parseFrame(line.trim()) ?? []);
}

function parseFrame(line: string): StackFrame | undefined {
  if (!line.startsWith("at ")) return undefined;
  const text = line.slice("at ".length);
  const open = text.indexOf(" (");
  if (open !== -1 && text.endsWith(")")) {
    const place = text.slice(open + 2, -1);
    return { name: text.slice(0, open), place, position: parsePlace(place) };
  }
  const place = text.startsWith("async ") ? text.slice("async ".length) : text;
  return { name: "", place, position: parsePlace(place) };
}

function parsePlace(place: string): Position | undefined {
  const numbers = /:(\d{1,9})(?::(\d{1,9}))?$/.exec(place);
  if (numbers === null) return undefined;
  const path = pathOf(place.slice(0, numbers.index));
  if (path === undefined) return undefined;
  const [, line, column] = numbers;
  return { path, line: Number(line), column: column === undefined ? undefined : Number(column) };
}

/** The path of a file that is named by its path or its URL; undefined for anything else. */
export function pathOf(file: string): string | undefined {
  try {
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    return isAbsolute(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
