import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { announce } from "../contract.ts";
import { options } from "./options.ts";
import { filesPath, greeting, itemOf } from "./pages.ts";

/** By hand, with no more than it takes: so this is what a framework's cost is measured from. */
const listener = createServer((request, response) => {
  const url = request.url ?? "";
  if (request.method !== "GET") send(response, 405, "text/plain", "method not allowed");
  else if (url === "/") send(response, 200, "text/plain; charset=utf-8", greeting);
  else if (url.startsWith("/items/")) {
    const item = itemOf(decodeURIComponent(url.slice("/items/".length)));
    send(response, 200, "application/json; charset=utf-8", JSON.stringify(item));
  } else if (url.startsWith(filesPath)) void sendFile(response, url.slice(filesPath.length));
  else send(response, 404, "text/plain", "not found");
});

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

async function sendFile(response: ServerResponse, name: string): Promise<void> {
  const path = join(options.directory, name);
  const file = /^[\w-]+\.txt$/.test(name) ? await stat(path).catch(() => undefined) : undefined;
  if (file === undefined) return send(response, 404, "text/plain", "not found");
  response.writeHead(200, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": file.size,
    "Last-Modified": file.mtime.toUTCString(),
  });
  pipeline(createReadStream(path), response, () => {});
}

listener.listen(0, "127.0.0.1", () => announce((listener.address() as AddressInfo).port));
