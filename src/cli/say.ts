/** Writes a line about the command itself, where it does not mix with what the application prints to standard output. */
export function say(text: string): void {
  process.stderr.write(`waterspout: ${text}\n`);
}
