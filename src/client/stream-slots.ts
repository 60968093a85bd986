/**
 * Over HTTP/1.1 a browser opens six connections to a host, for all tabs together; a seventh request waits. Streams and held polls
 * would use them up, and the page in the next tab would not load. So tabs share three slots, as locks of the origin, and whoever has
 * none does not hold a connection.
 */
import { environment } from "./environment.ts";

const slots = 3;

/** The right to hold a connection. */
export interface Slot {
  release(): void;
}

/** A slot, if one is free at the moment, or none are needed. Released when the signal is aborted before it could be used. */
export async function acquireSlot(url: URL, signal: AbortSignal): Promise<Slot | undefined> {
  const { location, navigator, performance } = environment;
  const locks = navigator?.locks;
  const [page] = performance?.getEntriesByType?.("navigation") ?? [];
  const isMultiplexed = url.origin === location?.origin && /^h[23]/.test(page?.nextHopProtocol ?? "");
  if (locks === undefined || location === undefined || isMultiplexed) return { release() {} };
  for (let number = 0; number < slots && !signal.aborted; number++) {
    const slot = await new Promise<Slot | undefined>((resolve) => {
      const hold = (lock: unknown): Promise<void> | undefined => {
        if (lock === null) {
          resolve(undefined);
          return undefined;
        }
        return new Promise((release) => resolve({ release }));
      };
      // A page that may not use locks has all the slots it wants.
      locks
        .request(`waterspout:${url.origin}:${number}`, { ifAvailable: true }, hold)
        .catch(() => resolve({ release() {} }));
    });
    if (signal.aborted) slot?.release();
    else if (slot) return slot;
  }
  return undefined;
}
