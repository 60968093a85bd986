import type { PageEvent } from "./environment.ts";
import { environment } from "./environment.ts";

/** What a page tells those who hold connections: `pageshow` only for one that comes from the back/forward cache. */
export type PageNews = "offline" | "online" | "pagehide" | "pageshow" | "visible";

/** Listens to the page until the signal is aborted. Where there is no page, nothing happens. */
export function observePage(signal: AbortSignal, receive: (news: PageNews) => void): void {
  const { document } = environment;
  const listen = ({ type, persisted }: PageEvent): void => {
    if (type !== "pageshow" || persisted) receive(type as PageNews);
  };
  for (const type of ["offline", "online", "pagehide", "pageshow"]) {
    environment.addEventListener?.(type, listen, { signal });
  }
  const look = (): void => {
    if (document?.visibilityState === "visible") receive("visible");
  };
  document?.addEventListener("visibilitychange", look, { signal });
}
