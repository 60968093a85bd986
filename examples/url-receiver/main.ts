/**
 * The URL receiver: a page sends URLs over a WebSocket, the server prints them and answers.
 *
 *     npm start                  then open http://localhost:10000
 *     PORT=8080 HOST=127.0.0.1 npm start
 */
import { Application, StaticFileHandler, WaterspoutError, WebSocketHandler } from "waterspout";

class UrlReceiver extends WebSocketHandler {
  override open() {
    console.log("WebSocket opened");
  }
  override onMessage(message: string | Uint8Array) {
    console.log("url is:", message);
    this.writeMessage(`郑老板,您好,我已经收到url:${message}`);
  }
  override onClose() {
    console.log("WebSocket closed");
  }
}

const app = new Application([
  ["/url", UrlReceiver],
  ["/*", StaticFileHandler, { root: new URL("./page/", import.meta.url) }],
]);

const { PORT: port, HOST: host } = process.env;
try {
  const server = await app.listen(Number(port || 10000), host ? { host } : {});
  console.log(`The URL receiver listens: open ${server.url} in a browser. Ctrl+C ends it.`);
  process.once("SIGINT", () => void server.close());
} catch (error) {
  if (!(error instanceof WaterspoutError)) throw error;
  console.error(`The URL receiver cannot start: ${error.message}`);
  console.error("Choose another port or host by environment variables, for example: PORT=10001 npm start");
  process.exitCode = 1;
}
