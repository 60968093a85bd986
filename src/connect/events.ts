/** What a program may say of a close event that it makes itself. */
export interface CloseEventInit {
  readonly code?: number;
  readonly reason?: string;
  readonly wasClean?: boolean;
}

/** The end of a connection (WebSockets Standard, CloseEvent). */
export interface CloseEvent extends Event {
  /** The code of the close frame that was received: 1005 for one without, 1006 for none. */
  readonly code: number;
  /** The reason that stood beside it. */
  readonly reason: string;
  /** Whether both sides said goodbye. */
  readonly wasClean: boolean;
}

/** That something failed; with what, which browsers do not tell. */
export interface ErrorEvent extends Event {
  readonly error: unknown;
  readonly message: string;
}

class OwnCloseEvent extends Event implements CloseEvent {
  readonly #init: CloseEventInit;

  constructor(type: string, init: CloseEventInit = {}) {
    super(type);
    this.#init = init;
  }

  get code(): number {
    return this.#init.code ?? 0;
  }

  get reason(): string {
    return this.#init.reason ?? "";
  }

  get wasClean(): boolean {
    return this.#init.wasClean ?? false;
  }

  get [Symbol.toStringTag](): string {
    return "CloseEvent";
  }
}

class OwnErrorEvent extends Event implements ErrorEvent {
  readonly #error: unknown;

  constructor(type: string, init: { readonly error?: unknown } = {}) {
    super(type);
    this.#error = init.error;
  }

  get error(): unknown {
    return this.#error;
  }

  get message(): string {
    return this.#error instanceof Error ? this.#error.message : String(this.#error);
  }

  get [Symbol.toStringTag](): string {
    return "ErrorEvent";
  }
}

const globals = globalThis as { readonly CloseEvent?: typeof OwnCloseEvent };

/** Node's own class where it has one (from 23 on), so that `instanceof` holds. */
export const CloseEvent: new (type: string, init?: CloseEventInit) => CloseEvent =
  globals.CloseEvent ?? OwnCloseEvent;

/** Our own everywhere: Node's has none of the cause that ours carries. */
export const ErrorEvent: new (type: string, init?: { readonly error?: unknown }) => ErrorEvent =
  OwnErrorEvent;
