import { environment } from "./environment.ts";
import { Ladder } from "./ladder.ts";
import type { Ending, Link, LinkTarget, OutgoingData, TransportName } from "./link.ts";
import { lost } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { observePage } from "./page-lifecycle.ts";
import { recallTransport, rememberTransport } from "./remembered-transport.ts";
import { SessionLink } from "./session-link.ts";
import { isLoopback, parseTargetUrl } from "./target-url.ts";
import { jitteredDelay, timerMsMax } from "./timing.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** What a socket is doing; `waiting` is for the next attempt. */
export type SocketState = "connecting" | "open" | "waiting" | "offline" | "closing" | "closed";

/** Why a socket has changed its state. */
export interface StateReason {
  /** For programs: the code of the server's refusal where it gave one, otherwise one of those in docs/realtime-socket.md. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  readonly closeCode?: number;
  /** The HTTP status of a refusal. */
  readonly status?: number;
  /** When the next attempt is made. */
  readonly retryInMs?: number;
  readonly transport?: TransportName;
}

/** Where a server is, or who knows. */
export type UrlProvider = string | URL | (() => string | URL | Promise<string | URL>);

/** What a connector tells the socket. */
export interface ConnectorObserver {
  receiveState(state: SocketState, previous: SocketState, reason: StateReason): void;
  receiveOpen(protocol: string, extensions: string): void;
  receiveMessage(data: string | Uint8Array<ArrayBuffer>): void;
  receiveClose(ending: Ending): void;
}

/** A connection that held so long is a good one: the next delay is short again. */
const stableMs = 5000;

/** Close codes after which it makes sense to come back; those from 4000 on are 4000 + an HTTP status. */
const returnCodes = new Set([1001, 1006, 1011, 1012, 1013, 1014, 4408, 4425, 4429]);

const unauthorized = 4401;

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
  readonly #leavePage: () => void;
  #state: SocketState = "connecting";
  #turn = 0;
  #ladder: Ladder | undefined;
  #link: Link | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stableTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** The server asked not to be asked before this time. */
  #notBefore = 0;
  #hasNewToken = false;
  #url: URL | undefined;

  /** @throws DOMException SyntaxError for a URL that is none. */
  constructor(url: UrlProvider, options: ResolvedOptions, observer: ConnectorObserver) {
    this.#given = url;
    this.#options = options;
    this.#observer = observer;
    if (typeof url !== "function") this.#url = parseTargetUrl(url);
    this.#leavePage = observePage({
      receiveOffline: () => {
        if (this.#isWanted && this.#isOffline) this.#goOffline();
      },
      receiveOnline: () => this.#wake("ONLINE", "the network is back"),
      receiveVisible: () => {
        if (this.#state === "waiting") this.#wake("PAGE_VISIBLE", "the page is looked at again");
      },
      receiveHide: () => {
        if (!this.#isWanted) return;
        this.#abandon();
        this.#setState("waiting", { code: "PAGE_HIDDEN", message: "the page was left" });
      },
      receiveShow: () => this.#wake("PAGE_SHOWN", "the page was returned to"),
    });
    const { signal } = options;
    signal?.addEventListener("abort", this.#abort);
    // Later, so that whoever made the socket can listen to it first.
    queueMicrotask(() => {
      if (signal?.aborted === true) this.#abort();
      else if (this.#state === "connecting") this.#begin();
    });
  }

  get state(): SocketState {
    return this.#state;
  }

  /** The transport of the open connection. */
  get transport(): TransportName | undefined {
    return this.#link?.transport;
  }

  /** The last URL that was asked for, without a token. */
  get url(): URL | undefined {
    return this.#url;
  }

  get bufferedAmount(): number {
    return this.#link?.bufferedAmount ?? 0;
  }

  /** Sends by the open connection. */
  send(data: OutgoingData): void {
    this.#link?.send(data);
  }

  close(code: number | undefined, reason: string, why: StateReason = byProgram): void {
    if (!this.#isWanted) return;
    const link = this.#link;
    if (link === undefined) this.#abandon();
    this.#setState("closing", why);
    // A server that does not answer any more shall not keep it open.
    const giveUp = (): void => this.#finish(lost("closed before there was an answer"), why);
    this.#timer = setTimeout(giveUp, link === undefined ? 0 : this.#options.connectTimeoutMs);
    link?.close(code, reason);
  }

  get #isWanted(): boolean {
    return this.#state !== "closing" && this.#state !== "closed";
  }

  get #isOffline(): boolean {
    const { navigator, location } = environment;
    return navigator?.onLine === false && !isLoopback((this.#url ?? location)?.hostname);
  }

  readonly #abort = (): void => {
    this.close(undefined, "", { code: "ABORTED", message: "the signal was aborted" });
  };

  #begin(): void {
    if (this.#isOffline) this.#goOffline();
    else void this.#attempt();
  }

  async #attempt(): Promise<void> {
    const turn = ++this.#turn;
    const options = this.#options;
    let target: LinkTarget;
    try {
      const given = this.#given;
      const url = typeof given === "function" ? parseTargetUrl(await given()) : (this.#url as URL);
      const token = await options.token?.();
      target = { url, token, protocols: options.protocols, options };
    } catch (error) {
      if (turn === this.#turn) this.#receiveEnd(lost(`no address or token: ${(error as Error).message}`));
      return;
    }
    if (turn !== this.#turn) return;
    const { url } = target;
    this.#url = url;
    const remembered = recallTransport(url.origin, options.transports);
    const transports = new Set([...(remembered ? [remembered] : []), ...options.transports]);
    const plan = {
      ...options,
      transports: [...transports],
      start: (transport: TransportName, events: ConstructorParameters<typeof WebSocketLink>[1]): Link =>
        transport === "websocket"
          ? new WebSocketLink(target, events)
          : new SessionLink(transport, target, events),
    };
    this.#ladder = new Ladder(plan, {
      receiveOpen: (link, protocol, extensions) => this.#receiveOpen(link, protocol, extensions),
      receiveMessage: (data) => this.#observer.receiveMessage(data),
      receiveEnd: (ending) => this.#receiveEnd(ending),
    });
  }

  #receiveOpen(link: Link, protocol: string, extensions: string): void {
    const { transport } = link;
    this.#ladder = undefined;
    this.#link = link;
    const { rememberMs } = this.#options;
    rememberTransport((this.#url as URL).origin, transport, rememberMs);
    this.#stableTimer = setTimeout(() => {
      this.#failures = 0;
      this.#hasNewToken = false;
    }, stableMs);
    this.#setState("open", { code: "OPEN", message: `connected by ${transport}`, transport });
    this.#observer.receiveOpen(protocol, extensions);
  }

  #receiveEnd(ending: Ending): void {
    const wasOpen = this.#link !== undefined;
    const { transport } = this;
    this.#abandon();
    const { code, message } = readReason(ending, wasOpen);
    const { status, code: closeCode } = ending;
    const reason = { code, message, closeCode, ...(status && { status }), ...(transport && { transport }) };
    if (!this.#isWanted || !this.#shallReturn(ending)) {
      this.#finish(ending, reason);
      return;
    }
    const { minDelayMs, maxDelayMs } = this.#options.reconnect;
    const retryInMs = Math.min(
      timerMsMax,
      Math.round((ending.retryAfterMs ?? 0) + jitteredDelay(this.#failures++, minDelayMs, maxDelayMs)),
    );
    this.#notBefore = Date.now() + (ending.retryAfterMs ?? 0);
    if (this.#isOffline) {
      this.#goOffline();
      return;
    }
    this.#wait(retryInMs, { code: "RETRY", message: "the next attempt" });
    this.#setState("waiting", { ...reason, retryInMs });
  }

  #shallReturn(ending: Ending): boolean {
    const { code } = ending;
    const { shouldReconnect, reconnect, token } = this.#options;
    if (this.#failures >= reconnect.maxAttempts) return false;
    const decision = shouldReconnect?.(ending);
    if (decision !== undefined) return decision;
    // The token may have expired in the meantime; a new one that is not welcome either ends it.
    const mayAskToken = code === unauthorized && token !== undefined && !this.#hasNewToken;
    if (mayAskToken) this.#hasNewToken = true;
    return mayAskToken || returnCodes.has(code) || (code >= 4500 && code < 4600);
  }

  #wait(ms: number, reason: StateReason): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#setState("connecting", reason);
      this.#begin();
    }, ms);
  }

  /** Ends a wait, unless the server has asked for it. */
  #wake(code: string, message: string): void {
    if (this.#state !== "waiting" && this.#state !== "offline") return;
    this.#wait(Math.max(0, this.#notBefore - Date.now()), { code, message });
  }

  #goOffline(): void {
    this.#abandon();
    this.#setState("offline", { code: "OFFLINE", message: "there is no network" });
  }

  /** Gives up whatever is going on. */
  #abandon(): void {
    this.#turn++;
    clearTimeout(this.#timer);
    clearTimeout(this.#stableTimer);
    this.#ladder?.abandon();
    this.#link?.abandon();
    this.#ladder = undefined;
    this.#link = undefined;
  }

  #finish(ending: Ending, reason: StateReason): void {
    this.#abandon();
    this.#leavePage();
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#setState("closed", reason);
    this.#observer.receiveClose(ending);
  }

  #setState(state: SocketState, reason: StateReason): void {
    const previous = this.#state;
    if (state === previous) return;
    this.#state = state;
    this.#observer.receiveState(state, previous, reason);
  }
}

const byProgram: StateReason = { code: "CLOSED_BY_PROGRAM", message: "close() was called" };

/** Splits `CODE: sentence`, as refusals say it; makes a code and a sentence of what else there is. */
function readReason({ code, reason }: Ending, wasOpen: boolean): { code: string; message: string } {
  const [, said, sentence] = /^([A-Z][A-Z\d_]+): ([^]*)$/.exec(reason) ?? [];
  if (said !== undefined && sentence !== undefined) return { code: said, message: sentence };
  if (code !== 1006 && code < 4400) {
    return { code: "CLOSED_BY_SERVER", message: reason || `closed with ${code}` };
  }
  if (code !== 1006) return { code: "REFUSED", message: reason };
  return wasOpen
    ? { code: "CONNECTION_LOST", message: reason || "the connection was lost" }
    : { code: "CONNECTION_FAILED", message: reason || "no connection could be made" };
}
