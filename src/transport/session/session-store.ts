import { randomBytes, timingSafeEqual } from "node:crypto";
import type { SessionTransport } from "./session-transport.ts";

/** Where a session was opened: requests of it have to come to the same place, from the same origin. */
export interface SessionPlace {
  readonly path: string;
  /** As in the Origin header; empty for the server's own. */
  readonly origin: string;
}

interface Entry extends SessionPlace {
  readonly session: SessionTransport;
  readonly secret: string;
  readonly key: string | undefined;
}

/** The name of a new session. */
export interface SessionName {
  /** Public: it may stand in a log. */
  readonly id: string;
  /** Whoever knows it has the session. 144 bits, where RFC 6749 §10.10 asks for 128. */
  readonly secret: string;
}

/** The sessions of an application, by the tokens that their clients show. */
export class SessionStore {
  readonly #sessionsMax: number;
  readonly #sessions = new Map<string, Entry>();
  /** What was opened with a key, or is being opened: the same opening again is the same session. */
  readonly #openings = new Map<string, Promise<SessionTransport | undefined>>();
  #openingCount = 0;
  /** Those that are over and remembered only for who asks again; oldest first. */
  readonly #retired = new Set<string>();

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Whether there is no room for another one, those counted that are being opened. */
  get isFull(): boolean {
    return this.#sessions.size - this.#retired.size + this.#openingCount >= this.#sessionsMax;
  }

  createName(): SessionName {
    return { id: randomBytes(9).toString("base64url"), secret: randomBytes(18).toString("base64url") };
  }

  /** `key` is that of the opening, where there was one. */
  add({ id, secret }: SessionName, place: SessionPlace, session: SessionTransport, key?: string): void {
    const [oldest] = this.#retired;
    if (this.#sessions.size >= this.#sessionsMax && oldest !== undefined) this.delete(oldest);
    this.#sessions.set(id, { ...place, session, secret, key });
  }

  /** A session is over: it takes nobody's place any more, and is forgotten when its place is needed. */
  retire(id: string): void {
    if (this.#sessions.has(id)) this.#retired.add(id);
  }

  delete(id: string): void {
    const entry = this.#sessions.get(id);
    if (entry === undefined) return;
    this.#sessions.delete(id);
    this.#retired.delete(id);
    if (entry.key !== undefined) this.#openings.delete(nameOf(entry.key, entry));
  }

  /** The session of a token, if it was opened at this place. */
  find(token: string, place: SessionPlace): SessionTransport | undefined {
    const [id = "", secret = ""] = token.split(".", 2);
    const entry = this.#sessions.get(id);
    if (entry === undefined || entry.path !== place.path || entry.origin !== place.origin) return undefined;
    return isEqual(secret, entry.secret) ? entry.session : undefined;
  }

  /** What an opening with this key made before, or is about to make; undefined where there was none. */
  opening(key: string, place: SessionPlace): Promise<SessionTransport | undefined> | undefined {
    return this.#openings.get(nameOf(key, place));
  }

  /**
   * Remembers that an opening is under way. What is returned is to be called with its session, which is then found by the
   * key as long as it is here, or with undefined where none came of it.
   */
  beginOpening(
    key: string | undefined,
    place: SessionPlace,
  ): (session: SessionTransport | undefined) => void {
    this.#openingCount++;
    const settle = key === undefined ? undefined : this.#remember(nameOf(key, place));
    return (session) => {
      this.#openingCount--;
      settle?.(session);
    };
  }

  #remember(name: string): (session: SessionTransport | undefined) => void {
    let resolve: (session: SessionTransport | undefined) => void = () => {};
    this.#openings.set(
      name,
      new Promise((settle) => {
        resolve = settle;
      }),
    );
    return (session) => {
      resolve(session);
      if (session === undefined) this.#openings.delete(name);
    };
  }
}

function nameOf(key: string, { path, origin }: SessionPlace): string {
  return `${key} ${origin} ${path}`;
}

/** Compares in a time that does not tell where the difference is. */
function isEqual(given: string, secret: string): boolean {
  const bytes = Buffer.from(given);
  const expected = Buffer.from(secret);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
