import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { askForPages, writeFiles } from "../../bench/pages.ts";
import type { HttpScenario } from "../../bench/scenarios.ts";
import type { Unit } from "../../bench/script-file.ts";
import { itemOf } from "../../bench/servers/http/pages.ts";

const plain = { "Content-Type": "text/plain; charset=utf-8" };
const json = { "Content-Type": "application/json" };

async function ask(page: HttpScenario["page"], answer: RequestListener): Promise<readonly Unit[]> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await askForPages((server.address() as AddressInfo).port, page);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const idOf = (url = ""): string => url.slice(url.lastIndexOf("/") + 1);

suite("the pages", () => {
  test("of text are one, with the request for it", async () => {
    const [unit, ...others] = await ask("greeting", (_, response) =>
      response.writeHead(200, plain).end("Hello, world!"),
    );
    assert.deepEqual(others, []);
    assert.match(String(unit?.sent), /^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n\r\n$/);
    assert.deepEqual(unit?.replies, [{ first: 0, content: Buffer.from("Hello, world!") }]);
  });

  test("of JSON are many, each with what this server writes for it", async () => {
    const spaced = (id: string): string => JSON.stringify(itemOf(id), undefined, 1);
    const units = await ask("item", ({ url }, response) =>
      response.writeHead(200, json).end(spaced(idOf(url))),
    );
    const requests = new Set(units.map(({ sent }) => String(sent)));
    assert.deepEqual([units.length, requests.size], [64, 64]);
    assert.match(String(units[7]?.sent), /^GET \/items\/1007 /);
    assert.equal(String(units[7]?.replies[0]?.content), spaced("1007"));
  });

  test("of JSON have about 100 bytes", () => {
    const { length } = JSON.stringify(itemOf("1000"));
    assert.ok(length > 90 && length < 110, `${length}`);
  });

  test("of a file are what was written", async () => {
    const content = readFileSync(join(writeFiles(), "100k.txt"));
    assert.equal(content.length, 100 * 1024);
    const [unit] = await ask("file", (_, response) => response.writeHead(200, plain).end(content));
    assert.match(String(unit?.sent), /^GET \/static\/100k\.txt /);
    assert.deepEqual(unit?.replies[0]?.content, content);
  });
});

const faults: readonly (readonly [
  what: string,
  page: HttpScenario["page"],
  answer: RequestListener,
  said: RegExp,
])[] = [
  [
    "another status",
    "greeting",
    (_, response) => response.writeHead(404, plain).end("Hello, world!"),
    /answers \/ with 404/,
  ],
  [
    "another type",
    "greeting",
    (_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("Hello, world!"),
    /as text\/html, not as text\/plain/,
  ],
  [
    "no type",
    "greeting",
    (_, response) => response.writeHead(200).end("Hello, world!"),
    /as no type, not as text\/plain/,
  ],
  [
    "another text",
    "greeting",
    (_, response) => response.writeHead(200, plain).end("Hello, World!"),
    /something else at \/$/,
  ],
  [
    "the item of another id",
    "item",
    (_, response) => response.writeHead(200, json).end(JSON.stringify(itemOf("1000"))),
    /something else at \/items\/1001/,
  ],
  [
    "an item with less in it",
    "item",
    ({ url }, response) => response.writeHead(200, json).end(JSON.stringify({ id: idOf(url) })),
    /something else at \/items\/1000/,
  ],
  ["no JSON", "item", (_, response) => response.writeHead(200, json).end("{"), /something else/],
  [
    "half a file",
    "file",
    (_, response) =>
      response.writeHead(200, plain).end(readFileSync(join(writeFiles(), "100k.txt")).subarray(0, 51_200)),
    /something else at \/static\/100k\.txt/,
  ],
];
for (const [what, page, answer, said] of faults) {
  test(`a server that answers with ${what} does not take part`, async () => {
    await assert.rejects(ask(page, answer), said);
  });
}
