/**
 * What a page has and other places have not. Everything may be missing: workers have no document, Node no navigator,
 * pages from plain HTTP no locks. Written down here by hand, so that this folder compiles with the browser's types and with Node's.
 */
interface Environment {
  readonly location?: { readonly href: string; readonly hostname: string; readonly origin: string };
  readonly document?: PageEvents & { readonly baseURI: string; readonly visibilityState: string };
  readonly navigator?: {
    readonly onLine?: boolean;
    readonly locks?: LockManager;
    sendBeacon?(url: string, body: string): boolean;
  };
  readonly performance?: {
    getEntriesByType?(type: string): readonly { readonly nextHopProtocol?: string }[];
  };
  readonly sessionStorage?: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  readonly addEventListener?: PageEvents["addEventListener"];
}

/** An event of the page; `persisted` of `pageshow` alone. */
export interface PageEvent {
  readonly type: string;
  readonly persisted?: boolean;
}

interface PageEvents {
  addEventListener(
    type: string,
    listener: (event: PageEvent) => void,
    options: { readonly signal: AbortSignal },
  ): void;
}

interface LockManager {
  request(
    name: string,
    options: { readonly ifAvailable: true },
    act: (lock: unknown) => unknown,
  ): Promise<unknown>;
}

/** The global object, seen so. */
export const environment: Environment = globalThis as unknown as Environment;
