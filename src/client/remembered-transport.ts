import { environment } from "./environment.ts";
import type { TransportName } from "./link.ts";

/** For places without a sessionStorage, and pages that may not use theirs. */
const memory = new Map<string, string>();

const storage = {
  get(key: string): string | null | undefined {
    try {
      return environment.sessionStorage?.getItem(key) ?? memory.get(key);
    } catch {
      return memory.get(key);
    }
  },
  set(key: string, value: string): void {
    memory.set(key, value);
    try {
      environment.sessionStorage?.setItem(key, value);
    } catch {
      // Full, or forbidden.
    }
  },
};

/** The transport that won at this origin lately, if it is one of these. */
export function recallTransport(
  origin: string,
  transports: readonly TransportName[],
): TransportName | undefined {
  const [name, until] = storage.get(`waterspout:${origin}`)?.split(" ") ?? [];
  return Number(until) > Date.now() ? transports.find((each) => each === name) : undefined;
}

/** Remembers a winner. One that is remembered already keeps its time, so that the others get a chance when it is over. */
export function rememberTransport(origin: string, transport: TransportName, rememberMs: number): void {
  if (recallTransport(origin, [transport]) === undefined) {
    storage.set(`waterspout:${origin}`, `${transport} ${Date.now() + rememberMs}`);
  }
}
