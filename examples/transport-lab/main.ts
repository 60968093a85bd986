/**
 * The transport lab: polling, long polling, SSE and WebSocket side by side, with what each costs.
 *
 *     npm run lab                then open http://localhost:10001
 *     npm run lab -- 8080        on another port
 *     HOST=127.0.0.1 npm run lab
 */
import type { Server } from "waterspout";
import {
  Application,
  RequestHandler,
  StaticFileHandler,
  WaterspoutError,
  WebSocketHandler,
} from "waterspout";
import { pageOrigins } from "./addresses.ts";
import { bundleClient } from "./client-bundle.ts";
import { Lab } from "./lab.ts";

const defaultPort = 10001;
const host = process.env["HOST"];
const listenOptions = host === undefined || host === "" ? {} : { host };

let lab: Lab | undefined;
let isStopping = false;

/** The page's own line to this process: readings go out, settings come in. */
class Control extends WebSocketHandler {
  override open(): void {
    this.subscribe("points");
    this.writeMessage(JSON.stringify(lab?.points ?? []));
  }
  override async onMessage(message: string | Uint8Array): Promise<void> {
    await lab?.change(message.toString());
  }
}

/** The package's client for browsers, in one file. */
class Client extends RequestHandler {
  async get(): Promise<string> {
    this.setHeader("Content-Type", "text/javascript; charset=utf-8");
    return await bundleClient();
  }
}

/** The same readings for programs. */
class Points extends RequestHandler {
  get(): object {
    return { settings: lab?.settings, points: lab?.points ?? [] };
  }
}

const app = new Application(
  [
    ["/control", Control],
    ["/points.json", Points],
    ["/client.js", Client],
    ["/uplot/*", StaticFileHandler, { root: new URL("../../node_modules/uplot/dist/", import.meta.url) }],
    ["/*", StaticFileHandler, { root: new URL("./page/", import.meta.url) }],
  ],
  // The access log would have a line for each file of the page.
  { logger: { debug() {}, info() {}, warn: console.warn, error: console.error } },
);

try {
  const server = await listen(Number(process.argv[2] ?? defaultPort));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop(server));
  lab = await Lab.start({ ...listenOptions, allowedOrigins: pageOrigins(server.port) }, (point) =>
    app.publish("points", JSON.stringify([point])),
  );
  console.log(`The transport lab runs: open ${server.url} in a browser. Ctrl+C ends it.`);
  void lab.closed.then(() => {
    if (isStopping) return;
    console.error("The transport lab ends: one of its processes has ended.");
    process.exit(1);
  });
} catch (error) {
  if (!(error instanceof WaterspoutError)) throw error;
  console.error(`The transport lab cannot start: ${error.message}`);
  process.exitCode = 1;
}

/** On another port where that one is taken, which is said. */
async function listen(port: number): Promise<Server> {
  try {
    return await app.listen(port, listenOptions);
  } catch (error) {
    if (!(error instanceof WaterspoutError) || error.code !== "PORT_IN_USE") throw error;
    console.log(`${error.message}: taking another port.`);
    return await app.listen(0, listenOptions);
  }
}

/** Whatever has not ended by then ends with this process. */
async function stop(server: Server): Promise<void> {
  isStopping = true;
  await lab?.stop();
  await server.close();
  process.exit();
}
