import type { TestContext } from "node:test";
import type { HandlerContext, ListenOptions, Settings } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import type { Running } from "./run-application.ts";
import { runApplication } from "./run-application.ts";

/** What a test wants to know of the server's end of a connection. */
export interface EchoServer extends Running {
  /** Handlers of the connections so far. */
  readonly handlers: readonly EchoHandler[];
  readonly url: string;
}

/** Sends back what it gets; a text that begins with a verb makes it do something. */
export class EchoHandler extends WebSocketHandler {
  readonly pings: string[] = [];

  override selectSubprotocol(offered: readonly string[]): string | undefined {
    return offered.includes("v1") ? "v1" : undefined;
  }

  override onMessage(message: string | Uint8Array): void {
    const [verb = "", argument = "", reason] = typeof message === "string" ? message.split(" ") : [];
    if (verb === "close") this.close(argument === "" ? undefined : Number(argument), reason);
    else if (verb === "count") for (let i = 0; i < Number(argument); i++) this.writeMessage(`${i}`);
    else this.writeMessage(message);
  }

  override onPing(data: Uint8Array): void {
    this.pings.push(Buffer.from(data).toString());
  }
}

/** Runs a server that echoes at "/echo". */
export async function runEcho(
  context: TestContext,
  settings: Settings = {},
  options: ListenOptions = {},
): Promise<EchoServer> {
  const handlers: EchoHandler[] = [];
  class Handler extends EchoHandler {
    constructor(handlerContext: HandlerContext) {
      super(handlerContext);
      handlers.push(this);
    }
  }
  const running = await runApplication(context, [["/echo", Handler]], settings, options);
  return { ...running, handlers, url: running.at("/echo").replace(/^http/, "ws") };
}
