import { environment } from "./environment.ts";
import { Ladder } from "./ladder.ts";
import type { Ending, IncomingMessage, Link, LinkTarget, TransportName } from "./link.ts";
import { isPassing, lost } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { observePage } from "./page-lifecycle.ts";
import { recallTransport, rememberTransport } from "./remembered-transport.ts";
import { SessionLink } from "./session-link.ts";
import { isLoopback, parseTargetUrl } from "./target-url.ts";
import { jitteredDelay } from "./timing.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** What a socket is doing; `waiting` is for the next attempt. */
export type SocketState = "connecting" | "open" | "waiting" | "offline" | "closing" | "closed";

/** Why a socket has changed its state. */
export interface StateReason {
  /** For programs: the code of the server's refusal where it gave one, otherwise one of those in docs/realtime-socket.md. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** Of a connection, or an attempt, that ended. */
  readonly closeCode?: number;
  /** The HTTP status of a refusal. */
  readonly status?: number;
  /** When the next attempt is made. */
  readonly retryInMs?: number;
  readonly transport?: TransportName | undefined;
}

/** Where a server is, or who knows. */
export type UrlProvider = string | URL | (() => string | URL | Promise<string | URL>);

/** One state after another. */
export interface StateChange {
  readonly state: SocketState;
  readonly previous: SocketState;
  readonly reason: StateReason;
}

/** What a connector tells the socket. */
export interface ConnectorObserver {
  receiveState(change: StateChange): void;
  receiveOpen(protocol: string, extensions: string): void;
  readonly receiveMessage: (message: IncomingMessage) => void;
  receiveClose(ending: Ending): void;
}

/** A connection that held so long is a good one: the next delay is short again. */
const stableMs = 5000;

/**
 * Connects, and connects again: one attempt or one link or one wait at a time, and `#turn` tells what belongs to an earlier one.
 *
 *     connecting ──▶ open ──▶ closing ──▶ closed
 *       ▲   │          │                    ▲
 *       │   ▼          ▼                    │
 *     waiting / offline ────────────────────┘
 */
export class Connector {
  readonly #given: UrlProvider;
  readonly #options: ResolvedOptions;
  readonly #observer: ConnectorObserver;
  /** Aborted when it is over for good. */
  readonly #over = new AbortController();
  #turn = 0;
  #ladder: Ladder | undefined;
  #link: Link | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #openedAt = 0;
  #failures = 0;
  /** The server asked not to be asked before this time. */
  #notBefore = 0;
  #hasNewToken = false;
  /** Why the program wants it to end. */
  #why: StateReason | undefined;
  /** The last URL that was asked for, without a token. */
  url: URL | undefined;
  state: SocketState = "connecting";

  /** @throws DOMException SyntaxError for a URL that is none. */
  constructor(url: UrlProvider, options: ResolvedOptions, observer: ConnectorObserver) {
    this.#given = url;
    this.#options = options;
    this.#observer = observer;
    if (typeof url !== "function") this.url = parseTargetUrl(url);
    observePage(this.#over.signal, (event) => {
      if (event === "offline") {
        if (this.#isWanted && this.#isOffline) this.#goOffline();
      } else if (event === "pagehide") {
        if (this.#isWanted) this.#rest("waiting", "PAGE_HIDDEN", "the page was left");
      } else if (this.state === "offline" || this.state === "waiting") {
        // Online, visible or shown again: the wait is over, unless the server has asked for it.
        const delay = Math.max(0, this.#notBefore - Date.now());
        this.#wait(delay, { code: "PAGE_WOKE", message: `the page is back: ${event}` });
      }
    });
    const { signal } = options;
    signal?.addEventListener("abort", this.#abort, { signal: this.#over.signal });
    // Later, so that whoever made the socket can listen to it first.
    queueMicrotask(() => {
      if (signal?.aborted) this.#abort();
      this.#begin();
    });
  }

  /** The open connection. */
  get link(): Link | undefined {
    return this.#link;
  }

  close(code: number | undefined, reason: string, why: StateReason = byProgram): void {
    if (!this.#isWanted) return;
    this.#why = why;
    const link = this.#link;
    if (!link) this.#abandon();
    this.#setState("closing", why);
    // A server that does not answer any more shall not keep it open.
    const giveUp = (): void => this.#finish(lost("no answer to close()"), why);
    this.#timer = setTimeout(giveUp, link ? this.#options.connectTimeoutMs : 0);
    link?.close(code, reason);
  }

  get #isWanted(): boolean {
    return this.state !== "closing" && this.state !== "closed";
  }

  get #isOffline(): boolean {
    const { navigator, location } = environment;
    return navigator?.onLine === false && !isLoopback((this.url ?? location)?.hostname);
  }

  readonly #abort = (): void => {
    this.close(undefined, "", { code: "ABORTED", message: "the signal was aborted" });
  };

  /** Unless a listener has just closed it. */
  #begin(): void {
    if (this.state !== "connecting") return;
    if (this.#isOffline) this.#goOffline();
    else void this.#attempt();
  }

  async #attempt(): Promise<void> {
    const turn = ++this.#turn;
    const options = this.#options;
    const given = this.#given;
    let target: LinkTarget;
    try {
      const url = parseTargetUrl(typeof given === "function" ? await given() : given);
      const openingUrl = new URL(url);
      const token = await options.token?.();
      if (token !== undefined) openingUrl.searchParams.append("access_token", token);
      target = { url, openingUrl, options };
    } catch (error) {
      if (turn === this.#turn) this.#receiveEnd(lost(`no URL: ${(error as Error).message}`));
      return;
    }
    if (turn !== this.#turn) return;
    this.url = target.url;
    const { transports } = options;
    const first = recallTransport(target.url.origin, transports) ?? transports[0]!;
    const plan = { ...options, transports: [...new Set([first, ...transports])] };
    this.#ladder = new Ladder(
      plan,
      (transport, events) =>
        transport === "websocket"
          ? new WebSocketLink(target, events)
          : new SessionLink(transport, target, events),
      {
        ...this.#observer,
        receiveOpen: (link, protocol, extensions) => this.#receiveOpen(link, protocol, extensions),
        receiveEnd: (ending) => this.#receiveEnd(ending),
      },
    );
  }

  #receiveOpen(link: Link, protocol: string, extensions: string): void {
    const { transport } = link;
    this.#ladder = undefined;
    this.#link = link;
    const { transports, rememberMs } = this.#options;
    // Where there was no choice there is nothing to remember.
    if (transports[1]) rememberTransport(this.url!.origin, transport, rememberMs);
    this.#openedAt = Date.now();
    this.#setState("open", { code: "OPEN", message: `connected by ${transport}`, transport });
    if (this.state === "open") this.#observer.receiveOpen(protocol, extensions);
  }

  #receiveEnd(ending: Ending): void {
    if (this.#link && Date.now() - this.#openedAt > stableMs) {
      this.#failures = 0;
      this.#hasNewToken = false;
    }
    const reason = { ...describeEnding(ending, this.#link), ...this.#why };
    this.#abandon();
    // The program may close it when it is asked.
    if (!this.#isWanted || !this.#shallReturn(ending) || !this.#isWanted) return this.#finish(ending, reason);
    const { minDelayMs, maxDelayMs } = this.#options.reconnect;
    const { retryAfterMs = 0 } = ending;
    this.#notBefore = Date.now() + retryAfterMs;
    const retryInMs = Math.round(retryAfterMs + jitteredDelay(this.#failures++, minDelayMs, maxDelayMs));
    if (this.#isOffline) this.#goOffline();
    else {
      this.#wait(retryInMs, { code: "RETRY", message: "next attempt" });
      this.#setState("waiting", { ...reason, retryInMs });
    }
  }

  #shallReturn(ending: Ending): boolean {
    const { code } = ending;
    const { shouldReconnect, reconnect, token } = this.#options;
    if (this.#failures >= reconnect.maxAttempts) return false;
    let decision: boolean | undefined;
    try {
      decision = shouldReconnect?.(ending);
    } catch (error) {
      // It is reported, as an unhandled rejection, and the rules decide.
      void Promise.reject(error);
    }
    if (decision !== undefined) return decision;
    if (code !== 4401 || !token || this.#hasNewToken) return isPassing(code);
    // The token may have expired in the meantime; a new one that is not welcome either ends it.
    this.#hasNewToken = true;
    return true;
  }

  #wait(ms: number, reason: StateReason): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#setState("connecting", reason);
      this.#begin();
    }, ms);
  }

  #goOffline(): void {
    this.#rest("offline", "OFFLINE", "no network");
  }

  /** Does nothing until the page says something; who never comes back has ended. */
  #rest(state: SocketState, code: string, message: string): void {
    if (this.#options.reconnect.maxAttempts) {
      this.#abandon();
      this.#setState(state, { code, message });
    } else this.#receiveEnd(lost(message));
  }

  /** Gives up whatever is going on. */
  #abandon(): void {
    this.#turn++;
    clearTimeout(this.#timer);
    this.#ladder?.abandon();
    this.#link?.abandon();
    this.#ladder = undefined;
    this.#link = undefined;
  }

  #finish(ending: Ending, reason: StateReason): void {
    this.#abandon();
    this.#over.abort();
    this.#setState("closed", reason);
    this.#observer.receiveClose(ending);
  }

  #setState(state: SocketState, reason: StateReason): void {
    const previous = this.state;
    if (state === previous) return;
    this.state = state;
    this.#observer.receiveState({ state, previous, reason });
  }
}

const byProgram: StateReason = { code: "CLOSED_BY_PROGRAM", message: "close() was called" };

/** The reason that an ending is: `CODE: sentence`, as refusals say it, in its parts; and a code and a sentence for what else there is. */
function describeEnding({ code: closeCode, reason }: Ending, link: Link | undefined): StateReason {
  const status = closeCode >= 4400 && closeCode < 4600 ? { status: closeCode - 4000 } : {};
  const [abnormal, regular] = link
    ? ["CONNECTION_LOST", "CLOSED_BY_SERVER"]
    : ["CONNECTION_FAILED", "REFUSED"];
  const fallback = closeCode === 1006 ? abnormal : regular;
  const [, code = fallback, message = reason] = /^([A-Z][A-Z\d_]+): ([^]*)$/.exec(reason) ?? [];
  return {
    code,
    message: message || `it ended with ${closeCode}`,
    closeCode,
    ...status,
    transport: link?.transport,
  };
}
