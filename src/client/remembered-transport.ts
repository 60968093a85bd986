import { environment } from "./environment.ts";
import type { TransportName } from "./link.ts";

/** For places without a sessionStorage, and pages that may not use theirs. */
const memory = new Map<string, string>();

function keyOf(origin: string): string {
  return `waterspout:${origin}`;
}

/** The transport that won at this origin lately, if it is one of these. */
export function recallTransport(
  origin: string,
  transports: readonly TransportName[],
): TransportName | undefined {
  let entry = memory.get(keyOf(origin));
  try {
    entry ??= environment.sessionStorage?.getItem(keyOf(origin)) ?? undefined;
  } catch {
    // It is forbidden.
  }
  const [name, until] = entry?.split(" ") ?? [];
  return Number(until) > Date.now() ? transports.find((each) => each === name) : undefined;
}

/** Remembers a winner. One that is remembered already keeps its time, so that the others get a chance when it is over. */
export function rememberTransport(origin: string, transport: TransportName, rememberMs: number): void {
  if (recallTransport(origin, [transport]) !== undefined) return;
  const entry = `${transport} ${Date.now() + rememberMs}`;
  memory.set(keyOf(origin), entry);
  try {
    environment.sessionStorage?.setItem(keyOf(origin), entry);
  } catch {
    // It is full, or forbidden.
  }
}
