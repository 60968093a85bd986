import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { ticksPath } from "../transports.ts";
import { handshakeHead } from "./browser-fields.ts";
import type { ClientEvents, ClientOptions, SimulatedClient } from "./client.ts";
import { HttpResponseReader } from "./http-response-reader.ts";
import { ServerFrameReader, clientFrame, opcodes } from "./websocket-frames.ts";

/** A client with a WebSocket: it reads, answers pings, and closes. */
export class WebSocketClient implements SimulatedClient {
  readonly #events: ClientEvents;
  readonly #socket: Socket;
  #isOver = false;

  constructor({ origin }: ClientOptions, events: ClientEvents) {
    this.#events = events;
    const { hostname, port } = new URL(origin);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const frames = new ServerFrameReader((opcode, payload) => this.#receiveFrame(opcode, payload));
    const response = new HttpResponseReader({
      receiveHead: (status) => {
        if (status === 101) this.#events.receiveOpen();
        else this.#fail();
      },
      receiveBody: (bytes) => frames.receive(bytes),
      receiveEnd: () => {},
    });
    socket.on("data", (bytes) => response.receive(bytes));
    // The reason does not matter: "close" comes behind it.
    socket.on("error", () => {});
    socket.on("close", () => this.#fail());
    socket.write(handshakeHead(origin, ticksPath, randomBytes(16).toString("base64")));
    this.#socket = socket;
  }

  close(): void {
    this.#isOver = true;
    const code = Buffer.alloc(2);
    code.writeUInt16BE(1000);
    // The server answers, and ends the connection.
    this.#socket.write(clientFrame(opcodes.close, code));
  }

  #receiveFrame(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.text && !this.#isOver) this.#events.receiveMessage(payload.toString());
    else if (opcode === opcodes.ping) this.#socket.write(clientFrame(opcodes.pong, payload));
    else if (opcode === opcodes.close) this.#fail();
  }

  #fail(): void {
    this.#socket.destroy();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.receiveFailure();
  }
}
