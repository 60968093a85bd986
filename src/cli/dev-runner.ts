import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { DevMessage } from "./dev-messages.ts";
import { say } from "./say.ts";

/** How long a child may take to end what is under way, in milliseconds. Who changes a file does not want to wait. */
const endTimeoutMs = 3000;

/**
 * The child that runs the application, and the connections that wait for one.
 *
 *     starting ──ready──▶ serving ──change──▶ ending ──close──▶ starting
 *        │ close             │ close
 *        └──────▶ failed ◀───┘       failed ──change──▶ starting
 */
export class DevRunner {
  readonly #file: string;
  readonly #url: string;
  #state: "starting" | "serving" | "ending" | "failed" = "failed";
  #child: ChildProcess | undefined;
  /** Connections for the next child. Nothing has been read from them. */
  #waiting: Socket[] = [];
  /** Connections that the child has been sent and not yet taken, in order. Node would leave them open when it dies, and silent. */
  #handed: Socket[] = [];
  #exitCode: number | undefined;
  /** Answers where there is no application that could. */
  readonly #apology = createServer((_request, response) => {
    response.writeHead(503, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
    response.end(
      `${this.#file} does not run. The terminal says why; it is started again when a file changes.\n`,
    );
  });

  constructor(file: string, url: string) {
    this.#file = file;
    this.#url = url;
  }

  start(): void {
    this.#state = "starting";
    const child = fork(childFile(), [this.#file]);
    this.#child = child;
    child.on("message", (message: DevMessage) => {
      if (message === "taken") this.#handed.shift()?.destroy();
      else if (message === "ready" && this.#state === "starting") this.#serve();
    });
    child.on("error", (error) => say(`${this.#file} could not be run: ${error.message}`));
    // Not "exit": what it had said before may still be on the way then.
    child.once("close", (code, signal) => this.#receiveEnd(code, signal));
  }

  /** A client has connected. */
  receive(socket: Socket): void {
    // One that leaves while it waits is no news.
    socket.on("error", () => {});
    if (this.#state === "serving") this.#hand(socket);
    else if (this.#state === "failed") this.#apologise(socket);
    else this.#waiting.push(socket);
  }

  /** Ends the child, if there is one, and starts another. */
  restart(reason: string): void {
    if (this.#state === "ending") return;
    say(`${reason}, starting again`);
    if (this.#state === "failed") this.start();
    else this.#end();
  }

  /** Ends the child and this process; a second call does so at once. */
  end(exitCode: number): void {
    if (this.#exitCode !== undefined || this.#state === "failed") {
      this.#child?.kill("SIGKILL");
      process.exit(this.#exitCode === undefined ? 0 : exitCode);
    }
    this.#exitCode = 0;
    if (this.#state !== "ending") this.#end();
  }

  #serve(): void {
    this.#state = "serving";
    say(`serving ${this.#file} on ${this.#url}`);
    for (const socket of this.#waiting.splice(0)) this.#hand(socket);
  }

  #end(): void {
    const child = this.#child;
    const hasConnections = this.#state === "serving";
    this.#state = "ending";
    if (!hasConnections) {
      child?.kill("SIGKILL");
      return;
    }
    this.#tell("end");
    const timer = setTimeout(() => child?.kill("SIGKILL"), endTimeoutMs);
    child?.once("close", () => clearTimeout(timer));
  }

  #receiveEnd(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    this.#waiting.unshift(...this.#handed.splice(0));
    if (this.#exitCode !== undefined) process.exit(this.#exitCode);
    if (this.#state === "ending") {
      this.start();
      return;
    }
    const how = code === null ? `was ended by ${signal}` : `ended with code ${code}`;
    say(`${this.#file} ${how}, waiting for a change`);
    this.#state = "failed";
    for (const socket of this.#waiting.splice(0)) this.#apologise(socket);
  }

  #hand(socket: Socket): void {
    this.#handed.push(socket);
    this.#tell("connection", socket);
  }

  /** Says something to the child; that it has gone meanwhile is told by its "close". */
  #tell(message: DevMessage, socket?: Socket): void {
    if (this.#child?.connected === true) this.#child.send(message, socket, { keepOpen: true }, () => {});
  }

  #apologise(socket: Socket): void {
    this.#apology.emit("connection", socket);
    socket.resume();
  }
}

/** dev-child beside this file, compiled or not. */
function childFile(): string {
  return fileURLToPath(import.meta.url).replace(/dev-runner(\.[jt]s)$/, "dev-child$1");
}
