import type { PageEvent } from "./environment.ts";
import { environment } from "./environment.ts";

/** What a page tells those who hold connections: `pageshow` only for one that comes from the back/forward cache. */
export type PageNews = "offline" | "online" | "pagehide" | "pageshow" | "visible";

/** Listens to the page until the function returned is called. Where there is no page, nothing happens. */
export function observePage(receive: (news: PageNews) => void): () => void {
  const { document } = environment;
  const types = ["offline", "online", "pagehide", "pageshow"] as const;
  const listen = ({ type, persisted }: PageEvent): void => {
    if (type !== "pageshow" || persisted) receive(type as PageNews);
  };
  const look = (): void => {
    if (document?.visibilityState === "visible") receive("visible");
  };
  for (const type of types) environment.addEventListener?.(type, listen);
  document?.addEventListener("visibilitychange", look);
  return () => {
    for (const type of types) environment.removeEventListener?.(type, listen);
    document?.removeEventListener("visibilitychange", look);
  };
}
