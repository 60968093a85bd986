import type { Socket } from "node:net";
import { plainAddress } from "./address-list.ts";
import type { HttpExchange } from "./http-exchange.ts";

/**
 * One connection of an HTTP server, and what goes on on it. A client may send the next request, an upgrade or rubbish while
 * its last request is still being answered (pipelining, RFC 9112 §9.3.2): whatever is said about what came later has to
 * stand behind that answer.
 */
export class HttpConnection {
  readonly socket: Socket;
  readonly isEncrypted: boolean;
  /** Whether something came on it that was no HTTP: one answer and one log line, however much follows. */
  hasFailed = false;
  readonly #namelessPeer: string;
  readonly #isHandshaking: boolean;
  readonly #bytesBefore: number;
  /** The request whose answer is under way, or comes first. */
  #first: HttpExchange | undefined;
  /** Those behind it, in order: nearly always none. */
  readonly #others: HttpExchange[] = [];
  /** What has to wait for the last of these answers. */
  #waiting: (() => void)[] = [];
  #peerAddress: string | undefined;
  #localAddress: string | undefined;

  /**
   * @param namelessPeer what a peer without an address is called.
   * @param isHandshaking whether its socket is the one below TLS, on which no request comes.
   */
  constructor(socket: Socket, namelessPeer: string, isHandshaking: boolean) {
    this.socket = socket;
    this.isEncrypted = "encrypted" in socket;
    this.#namelessPeer = namelessPeer;
    this.#isHandshaking = isHandshaking;
    this.#bytesBefore = socket.bytesRead;
  }

  /** The address at the other end. Once it was known, it stays known when the peer has gone. */
  get peerAddress(): string {
    if (this.#peerAddress !== undefined) return this.#peerAddress;
    const { remoteAddress } = this.socket;
    const address = plainAddress(remoteAddress, this.#namelessPeer);
    if (remoteAddress !== undefined) this.#peerAddress = address;
    return address;
  }

  /** The address at this end. */
  get localAddress(): string {
    this.#localAddress ??= plainAddress(this.socket.localAddress);
    return this.#localAddress;
  }

  /** Whether nothing has come since it was opened, or since its handshake of TLS was done. */
  get isSilent(): boolean {
    return this.#isHandshaking || this.socket.bytesRead === this.#bytesBefore;
  }

  /** The request whose answer comes next. */
  get first(): HttpExchange | undefined {
    return this.#first;
  }

  /** The request that came last, if it is still being answered. */
  get latest(): HttpExchange | undefined {
    return this.#others.length === 0 ? this.#first : this.#others.at(-1);
  }

  /** Whether something waits for the last of the answers that are under way. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** An answer is under way, until `end`. */
  begin(exchange: HttpExchange): void {
    if (this.#first === undefined) this.#first = exchange;
    else this.#others.push(exchange);
  }

  end(exchange: HttpExchange): void {
    const index = this.#others.indexOf(exchange);
    if (exchange === this.#first) this.#first = this.#others.shift();
    else if (index !== -1) this.#others.splice(index, 1);
    if (this.#first !== undefined || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // To a peer that has gone there is nothing left to say.
    if (!this.socket.destroyed) for (const action of waiting) action();
  }

  /** Calls `action` when no answer is under way, which may be now. */
  whenIdle(action: () => void): void {
    if (this.#first === undefined) action();
    else this.#waiting.push(action);
  }

  /** It has closed: whoever is still being answered hears of it, and ends. */
  receiveClosed(): void {
    const others = this.#others.slice();
    this.#first?.receiveConnectionClosed();
    for (const exchange of others) exchange.receiveConnectionClosed();
  }
}
