import type { Logger } from "../base/logger.ts";

/** Where lines are written to: `process.stderr`, or something like it. */
export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const colours = { D: "\u001B[34m", I: "\u001B[32m", W: "\u001B[33m", E: "\u001B[31m" } as const;
const colourOff = "\u001B[39m";

/**
 * Writes lines as Tornado does: `[W 261122 10:00:00 web] 403 GET /url (::1) 0.51ms`, the bracket in colour on a
 * terminal (unless the environment has NO_COLOR). Debug lines are left out.
 */
export class ConsoleLogger implements Logger {
  readonly #stream: LogStream;
  readonly #hasColour: boolean;
  readonly #now: () => Date;

  constructor(stream: LogStream = process.stderr, now: () => Date = () => new Date()) {
    this.#stream = stream;
    this.#hasColour = stream.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
    this.#now = now;
  }

  debug(_line: string): void {}

  info(line: string): void {
    this.#write("I", line);
  }

  warn(line: string): void {
    this.#write("W", line);
  }

  error(line: string): void {
    this.#write("E", line);
  }

  #write(level: "I" | "W" | "E", line: string): void {
    const prefix = `[${level} ${formatTime(this.#now())} web]`;
    this.#stream.write(`${this.#hasColour ? `${colours[level]}${prefix}${colourOff}` : prefix} ${line}\n`);
  }
}

/** Local time as `yymmdd hh:mm:ss`. */
function formatTime(time: Date): string {
  const date = [time.getFullYear() % 100, time.getMonth() + 1, time.getDate()].map(twoDigits).join("");
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":")}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
