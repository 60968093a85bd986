import type { Logger } from "waterspout";
import { Application, WebSocketHandler } from "waterspout";
import { announce, options } from "./contract.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array): void {
    this.writeMessage(message);
  }
}

class Broadcast extends WebSocketHandler {
  override open(): void {
    this.subscribe("all");
  }

  override onMessage(message: string | Uint8Array): void {
    app.publish("all", message);
  }
}

const compressions = {
  off: {},
  "no takeover": { compression: true },
  takeover: { compression: { serverNoContextTakeover: false, clientNoContextTakeover: false } },
};

/** The others log nothing either. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const app = new Application([["/", options.mode === "echo" ? Echo : Broadcast]], {
  logger: silent,
  websocket: { maxMessageBytes: options.messageBytesMax, ...compressions[options.compression] },
});
const server = await app.listen(0, { host: "127.0.0.1" });
announce(server.port);
