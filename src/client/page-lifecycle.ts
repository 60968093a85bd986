import type { PageEvent } from "./environment.ts";
import { environment } from "./environment.ts";

/** What a page tells those who hold connections. */
export interface PageObserver {
  receiveOffline(): void;
  receiveOnline(): void;
  receiveVisible(): void;
  /** The page goes away, perhaps into the back/forward cache. */
  receiveHide(): void;
  /** It has come back from there. */
  receiveShow(): void;
}

/** Listens to the page until the function returned is called. Where there is no page, nothing happens. */
export function observePage(observer: PageObserver): () => void {
  const { document } = environment;
  const receive = ({ type, persisted }: PageEvent): void => {
    if (type === "offline") observer.receiveOffline();
    else if (type === "online") observer.receiveOnline();
    else if (type === "pagehide") observer.receiveHide();
    else if (type === "pageshow") {
      if (persisted === true) observer.receiveShow();
    } else if (document?.visibilityState === "visible") observer.receiveVisible();
  };
  const types = ["offline", "online", "pagehide", "pageshow"];
  for (const type of types) environment.addEventListener?.(type, receive);
  document?.addEventListener("visibilitychange", receive);
  return () => {
    for (const type of types) environment.removeEventListener?.(type, receive);
    document?.removeEventListener("visibilitychange", receive);
  };
}
