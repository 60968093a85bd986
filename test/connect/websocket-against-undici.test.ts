/** Our WebSocket and undici's, which is Node's own from 22 on, see the same events of the same servers. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { WebSocket as UndiciWebSocket } from "undici";
import { WebSocket } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import type { Received } from "../support/fake-server.ts";
import { accepting, fakeServer } from "../support/fake-server.ts";

/** The part of the interface that the two share. */
type Standard = WebSocket | InstanceType<typeof UndiciWebSocket>;

/** Everything that can be seen of a socket from its making to its end. */
function observe(socket: Standard, act: (socket: Standard, event: Event) => void): Promise<string[]> {
  const seen: string[] = [`made ${socket.readyState}`];
  const target: EventTarget = socket;
  return new Promise((resolve) => {
    for (const type of ["open", "message", "error", "close"]) {
      target.addEventListener(type, (event: Event) => {
        seen.push(
          `${type} ${socket.readyState} ${socket.protocol} ${socket.extensions} ${detail(event)}`.trimEnd(),
        );
        act(socket, event);
        if (type === "close") resolve(seen);
      });
    }
  });
}

function detail(event: Event): string {
  if ("code" in event && "reason" in event && "wasClean" in event) {
    return `${String(event.code)} ${String(event.reason)} ${String(event.wasClean)}`;
  }
  if (!("data" in event && "origin" in event)) return "";
  const { data } = event;
  const shown =
    data instanceof Blob
      ? `Blob ${data.size}`
      : data instanceof ArrayBuffer
        ? `ArrayBuffer ${data.byteLength}`
        : String(data);
  return `${shown} ${String(event.origin).replace(/\d+$/, "")}`;
}

/** The frames that a client has sent, unmasked: their opcodes and payloads. */
function framesOf(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at + 6 <= bytes.length;) {
    const length = bytes[at + 1]! & 0x7f;
    const mask = bytes.subarray(at + 2, at + 6);
    const payload = bytes.subarray(at + 6, at + 6 + length).map((byte, index) => byte ^ mask[index % 4]!);
    frames.push(`${bytes[at]! & 0x0f} ${Buffer.from(payload).toString("hex")}`);
    at += 6 + length;
  }
  return frames;
}

const text = (payload: string): string =>
  `81${Buffer.from([payload.length]).toString("hex")}${Buffer.from(payload).toString("hex")}`;

interface Scene {
  readonly name: string;
  /** Hexadecimal digits that the server sends behind the handshake. */
  readonly frames?: string;
  /** Sends the server's close frame when the client's has come, and then ends. */
  readonly answersClose?: string;
  readonly fields?: Readonly<Record<string, string | null>>;
  readonly answer?: string;
  readonly protocols?: string[];
  readonly binaryType?: "arraybuffer";
  readonly act?: (socket: Standard, event: Event) => void;
  /** Sends its frames when the client has sent something. */
  readonly listensFirst?: boolean;
  /** Ends the connection when the frames are out. */
  readonly end?: boolean;
}

const scenes: readonly Scene[] = [
  { name: "text and a close with a code", frames: `${text("hello")}880503e8627965`, end: true },
  { name: "a close without a code", frames: "8800", end: true },
  { name: "a close of the application", frames: "88020fa1", end: true },
  { name: "binary as Blobs", frames: "82030102038800", end: true },
  { name: "binary as ArrayBuffers", frames: "82030102038800", binaryType: "arraybuffer", end: true },
  {
    name: "a subprotocol",
    protocols: ["v2", "v1"],
    fields: { "Sec-WebSocket-Protocol": "v1" },
    frames: "8800",
    end: true,
  },
  { name: "no close frame", frames: text("hello"), end: true },
  { name: "a frame that is masked", frames: "818137fa213d7f" },
  { name: "text that is not UTF-8", frames: "8101ff" },
  { name: "a refusal", answer: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" },
  { name: "a wrong accept", fields: { "Sec-WebSocket-Accept": "x" } },
  {
    name: "closing from this side",
    act: (socket, { type }) => type === "open" && socket.close(3001, "bye"),
    answersClose: "88050bb9627965",
  },
  {
    name: "another code than the one it was closed with",
    act: (socket, { type }) => type === "open" && socket.close(3001, "bye"),
    answersClose: "880a0bba676f6f6462796521",
  },
  {
    name: "closing without a code",
    act: (socket, { type }) => type === "open" && socket.close(),
    answersClose: "8800",
  },
  {
    name: "messages behind our close",
    act: (socket, { type }) => type === "open" && socket.close(),
    answersClose: `${text("late")}8800`,
  },
  {
    name: "sending in every state",
    listensFirst: true,
    act: (socket) => socket.send("x"),
    frames: `${text("hello")}8800`,
    end: true,
  },
  {
    name: "sending all kinds",
    act: (socket, { type }) => type === "open" && sendAll(socket),
    answersClose: "8800",
  },
];

function sendAll(socket: Standard): void {
  socket.send("é");
  socket.send(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
  socket.send(new Uint16Array([0x0102]).buffer);
  socket.send(new Blob(["blob"]));
  socket.send("behind");
  socket.send(7 as unknown as string);
}

function serve(scene: Scene, sent: Buffer[]): (received: Received, socket: Socket) => string {
  return (received, socket) => {
    if (scene.answer !== undefined) return scene.answer;
    socket.on("data", (chunk: Buffer) => {
      sent.push(chunk);
      const isClosing = framesOf(Buffer.concat(sent)).some((frame) => frame.startsWith("8 "));
      if (scene.answersClose !== undefined && isClosing) socket.end(Buffer.from(scene.answersClose, "hex"));
      else if (scene.name === "sending all kinds" && framesOf(Buffer.concat(sent)).length >= 6) {
        socket.end(Buffer.from("8800", "hex"));
      }
    });
    socket.write(accepting(received, scene.fields));
    const speak = (): void => {
      if (scene.frames !== undefined) socket.write(Buffer.from(scene.frames, "hex"));
      if (scene.end === true) socket.end();
    };
    // In a segment of its own, as far as that can be: what the handshake's segment may hold is another test's subject.
    if (scene.listensFirst === true) socket.once("data", speak);
    else setImmediate(speak);
    return "";
  };
}

for (const scene of scenes) {
  test(`both see the same of ${scene.name}`, async (context) => {
    const act = scene.act ?? ((): void => {});
    const seen: string[][] = [];
    const frames: string[][] = [];
    for (const Class of [WebSocket, UndiciWebSocket]) {
      const sent: Buffer[] = [];
      const ended = deferred();
      const answer = serve(scene, sent);
      const url = await fakeServer(context, (received, peer) => {
        peer.once("close", () => ended.resolve());
        return answer(received, peer);
      });
      const socket: Standard = new Class(`${url.replace("http", "ws")}/path?x=1`, scene.protocols ?? []);
      if (scene.binaryType !== undefined) socket.binaryType = scene.binaryType;
      seen.push(await observe(socket, act));
      // What the client has sent is complete when the server has read to the end. (undici leaves some connections that it fails open.)
      if (scene.act !== undefined) await ended.promise;
      // The code with which a broken rule is answered is our own affair.
      frames.push(
        framesOf(Buffer.concat(sent)).filter(
          (frame) => !frame.startsWith("8 ") || scene.answersClose !== undefined,
        ),
      );
    }
    assert.deepEqual(seen[0], seen[1]);
    assert.deepEqual(frames[0], frames[1]);
  });
}

test("both have the same attributes, of the same kinds, in the same places", () => {
  const publicOf = (Class: typeof WebSocket | typeof UndiciWebSocket): string[] =>
    Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))
      .filter(([name]) => Object.hasOwn(UndiciWebSocket.prototype, name) && name !== "constructor")
      .map(([name, descriptor]) => {
        const parts = Object.entries(descriptor).map(([key, value]: [string, unknown]) =>
          typeof value === "boolean" ? `${key} ${value}` : `${key} ${typeof value}`,
        );
        return [name, ...parts.toSorted()].join(", ");
      })
      .toSorted();
  assert.deepEqual(publicOf(WebSocket), publicOf(UndiciWebSocket));
});
