import type { HttpServer } from "../transport/http-server.ts";
import type { TlsOptions } from "../transport/tls-server.ts";
import { after } from "../transport/deadline.ts";
import type { SessionRegistry } from "../web/session-registry.ts";

/**
 * A server that listens, made by `Application.listen`.
 *
 * @example
 * const server = await app.listen(0);
 * console.log(server.url); // http://localhost:49152
 * await server.close();
 */
export class Server {
  readonly #http: HttpServer;
  readonly #sessions: SessionRegistry;
  readonly #closeTimeoutMs: number;
  readonly #onClosing: () => void;
  #closing: Promise<void> | undefined;
  /** The URL under which this machine reaches the server; `unix:/run/app.sock` of a Unix socket; empty where another server listens. */
  readonly url: string;
  /** The port that was bound; 0 where there is none. */
  readonly port: number;

  /** @internal */
  constructor(http: HttpServer, sessions: SessionRegistry, closeTimeoutMs: number, onClosing: () => void) {
    this.#http = http;
    this.#sessions = sessions;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#onClosing = onClosing;
    this.url = http.url;
    this.port = http.port;
  }

  /**
   * Stops listening, closes all WebSockets with 1001 and lets requests finish. Resolves when everything has ended, the
   * handlers' `onClose` included; what takes longer than `closeTimeoutMs` is cut. A second call waits for the first.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /**
   * Has connections to come use another certificate; those that are open keep theirs. What is not given stays as it was.
   *
   * @throws WaterspoutError TLS_NOT_SPOKEN; SETTING_INVALID for what makes no sense, and then nothing has changed.
   * @example
   * import { readFileSync } from "node:fs";
   * process.on("SIGHUP", () => server.reloadTls({ key: readFileSync("key.pem"), cert: readFileSync("cert.pem") }));
   */
  reloadTls(options: TlsOptions): void {
    this.#http.reloadTls(options);
  }

  /** Same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#onClosing();
    const deadline = after(this.#closeTimeoutMs, () => this.#http.destroyConnections());
    const sessions = this.#sessions.close();
    await this.#http.close();
    await Promise.race([sessions, deadline.passed]);
    deadline.cancel();
  }
}
