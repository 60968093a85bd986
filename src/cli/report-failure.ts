import { LoadError } from "./load-application.ts";
import { say } from "./say.ts";

/** Says why an application did not start, and ends this process with 1. */
export function reportFailure(file: string, error: unknown): never {
  // Of these the message says all. Another copy of this package may have thrown the second.
  if (error instanceof LoadError || (error instanceof Error && error.name === "WaterspoutError")) {
    say(`${file} did not start: ${error.message}`);
    process.exit(1);
  }
  say(`${file} did not start:`);
  // Only Node itself can print the line of a syntax error, and it does so of what nobody catches.
  throw error;
}
