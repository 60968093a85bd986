import type { Logger } from "waterspout";
import { Application, WebSocketHandler } from "waterspout";
import { announce, options } from "./contract.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array): void {
    this.writeMessage(message);
  }
}

/** The others log nothing either. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const app = new Application([["/", Echo]], {
  logger: silent,
  websocket: { maxMessageBytes: options.messageBytesMax },
});
const server = await app.listen(0, { host: "127.0.0.1" });
announce(server.port);
