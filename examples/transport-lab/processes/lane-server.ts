/** The process of one transport's server: an application with one handler, and the meters. */
import { channel } from "node:diagnostics_channel";
import type { Logger } from "waterspout";
import { Application, WebSocketHandler } from "waterspout";
import { SocketMeter } from "../metering/socket-meter.ts";
import { TickClock } from "../tick-clock.ts";
import { encodeTick, sharedNow } from "../tick-message.ts";
import { ticksPath } from "../transports.ts";
import type { ServerCalls } from "./contract.ts";
import { answerCalls } from "./worker.ts";

/** Lines about single clients would cost more than what is measured; errors are the lab's own. */
const logger: Logger = { debug() {}, info() {}, warn() {}, error: (line) => console.error(line) };

let open = 0;
let requests = 0;
let messagesSent = 0;
let payloadBytesSent = 0;
let messagesReceived = 0;
let payloadBytesReceived = 0;
let payloadBytes = 64;
let tickNumber = 0;
let meter: SocketMeter | undefined;
let clock: TickClock | undefined;

class Ticks extends WebSocketHandler {
  override open(): void {
    open++;
    // Node's channel knows every request but those that become something else.
    if (this.transport === "websocket") requests++;
    this.subscribe("ticks");
  }
  override onMessage(message: string | Uint8Array): void {
    messagesReceived++;
    payloadBytesReceived += Buffer.byteLength(message);
  }
  override onClose(): void {
    open--;
  }
}

channel("http.server.request.start").subscribe(countRequest);
function countRequest(): void {
  requests++;
}

answerCalls<ServerCalls>({
  async start({ transport, host, allowedOrigins, phase }) {
    const app = new Application([[ticksPath, Ticks, { transports: [transport] }]], {
      allowedOrigins,
      logger,
    });
    const server = await app.listen(0, host === undefined ? {} : { host });
    meter = new SocketMeter(server.port);
    clock = new TickClock(phase, () => {
      const message = encodeTick({ number: ++tickNumber, sentAtMs: sharedNow() }, payloadBytes);
      app.publish("ticks", message);
      messagesSent += open;
      payloadBytesSent += open * message.length;
    });
    return { port: server.port };
  },
  configure(settings) {
    payloadBytes = settings.payloadBytes;
    clock?.setRate(settings.ticksPerSecond);
  },
  sample() {
    const { user, system } = process.cpuUsage();
    return {
      atMs: sharedNow(),
      ...(meter?.read() ?? { bytesReceived: 0, bytesSent: 0, sockets: 0 }),
      requests,
      messagesSent,
      payloadBytesSent,
      messagesReceived,
      payloadBytesReceived,
      cpuMicroseconds: user + system,
      open,
    };
  },
});
