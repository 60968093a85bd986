import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { acceptFor } from "../../src/protocol/websocket/handshake.ts";

/** A request as a server sees it. */
export interface Received {
  readonly requestLine: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A server that answers every request with what `answer` says, byte for byte. */
export async function fakeServer(
  context: TestContext,
  answer: (received: Received, socket: Socket) => string | Buffer,
): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    let head = "";
    socket.on("data", (chunk: Buffer) => {
      if (head.includes("\r\n\r\n")) return;
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      const [requestLine = "", ...lines] = head.trimEnd().split("\r\n");
      const fields = Object.fromEntries(
        lines.map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
        }),
      );
      const bytes = answer({ requestLine, fields }, socket);
      if (bytes.length > 0) socket.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The answer of RFC 6455 §4.2.2, with changes: null leaves a field out. */
export function accepting(
  { fields }: Received,
  changes: Readonly<Record<string, string | null>> = {},
): string {
  const all: Record<string, string | null> = {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": acceptFor(fields["sec-websocket-key"] ?? ""),
    ...changes,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}\r\n`],
  );
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
}
