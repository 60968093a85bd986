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

/** A slot, if one is free at the moment, or none are needed: where there are no locks, or HTTP/2 carries all requests by one connection. */
export async function acquireSlot({ origin }: URL): Promise<Slot | undefined> {
  const { location, navigator, performance } = environment;
  const [page] = performance?.getEntriesByType?.("navigation") ?? [];
  const isMultiplexed = origin === location?.origin && /^h[23]/.test(page?.nextHopProtocol ?? "");
  const locks = isMultiplexed ? undefined : location && navigator?.locks;
  if (!locks) return { release() {} };
  let slot: Slot | undefined;
  for (let number = 0; number < slots && !slot; number++) {
    slot = await new Promise<Slot | undefined>((resolve) => {
      const name = `waterspout:${origin}:${number}`;
      const hold = (lock: unknown): unknown =>
        lock ? new Promise<void>((release) => resolve({ release })) : resolve(undefined);
      // A page that may not use locks has all the slots it wants.
      locks.request(name, { ifAvailable: true }, hold).catch(() => resolve({ release() {} }));
    });
  }
  return slot;
}
