/** What a message says: which tick it is, and when the server handed it to its transport. */
export interface Tick {
  readonly number: number;
  readonly sentAtMs: number;
}

/**
 * The time by which delays are measured. All processes are on one machine, whose clock they share: the difference between
 * two processes' readings is the time that went by.
 */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

/** A tick as a message of `bytes` bytes: number and time in ASCII, and filling, which a real program would use better. */
export function encodeTick({ number, sentAtMs }: Tick, bytes: number): string {
  return `${number} ${sentAtMs.toFixed(3)} `.padEnd(bytes, "~");
}

/** The tick of a message; undefined for a message that is none. */
export function decodeTick(message: string): Tick | undefined {
  const [number, sentAtMs] = message.split(" ", 2).map(Number);
  if (number === undefined || sentAtMs === undefined || !(sentAtMs > 0)) return undefined;
  return { number, sentAtMs };
}
