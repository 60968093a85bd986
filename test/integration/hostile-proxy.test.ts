/** The hostile proxy itself: each mode does what it says, in front of a server of Node's. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Hostility } from "../support/hostile-proxy.ts";
import { HostileProxy, hostilities } from "../support/hostile-proxy.ts";
import { sampleAccept } from "../support/raw-socket.ts";

/** A server that notes what it gets, and what it was told to do with it. */
interface Target {
  readonly port: number;
  /** Bodies of the POSTs, in the order of their arrival. */
  readonly bodies: string[];
  readonly requests: IncomingMessage[];
  /** What came behind its 101s. */
  readonly tunnelled: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function startTarget(context: TestContext, answer: Answer): Promise<Target> {
  const bodies: string[] = [];
  const requests: IncomingMessage[] = [];
  const tunnelled: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      if (request.method === "POST") bodies.push(body);
      answer(request, response);
    });
  });
  server.on("upgrade", (request, socket) => {
    requests.push(request);
    socket.on("error", () => {});
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
    );
    socket.on("data", (bytes: Buffer) => {
      tunnelled.push(bytes.toString("latin1"));
      socket.write(`you said ${bytes.toString("latin1")}`);
    });
    context.after(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, bodies, requests, tunnelled };
}

/** A connection to the proxy with what has come on it. */
class Client {
  readonly #socket: ReturnType<typeof connect>;
  readonly pieces: Buffer[] = [];
  #error: NodeJS.ErrnoException | undefined;
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(context: TestContext, { port }: HostileProxy, request: string) {
    this.#socket = connect(port, "127.0.0.1");
    context.after(() => this.#socket.destroy());
    this.#socket.on("data", (bytes: Buffer) => {
      this.pieces.push(bytes);
      this.#wake();
    });
    this.#socket.on("error", (error) => {
      this.#error = error;
    });
    this.#socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
    this.send(request);
  }

  send(text: string): void {
    this.#socket.write(text, "latin1");
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString("latin1");
  }

  /** Everything that came up to the end of the connection; with "reset" behind it when that is how it ended. */
  async ended(): Promise<string> {
    while (!this.#isClosed) await this.#changed();
    return this.text + (this.#error?.code === "ECONNRESET" ? "reset" : "");
  }

  /** Resolves when what has come matches. */
  async received(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      if (this.#isClosed) throw new Error(`the connection ended after ${JSON.stringify(this.text)}`);
      await this.#changed();
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

const get = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
const upgrade = `GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: one, two\r\n\r\n`;
const post = (body: string): string =>
  `POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** A body without chunks, and no other bytes than these in the whole response. */
const plain: Answer = (_request, response) => {
  response.sendDate = false;
  response.setHeader("Content-Length", 10);
  response.end("0123456789");
};
const plainHead = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n";

async function start(
  context: TestContext,
  mode: Hostility,
  answer: Answer = plain,
): Promise<[HostileProxy, Target]> {
  const target = await startTarget(context, answer);
  return [await HostileProxy.start(context, target.port, mode), target];
}

test("without a mode everything passes", async (context) => {
  const [proxy, target] = await start(context, hostilities.none);
  assert.equal(await new Client(context, proxy, get).ended(), `${plainHead}0123456789`);
  assert.equal(await new Client(context, proxy, post("body")).ended(), `${plainHead}0123456789`);
  const chunked = post("").replace("Content-Length: 0", "Transfer-Encoding: chunked");
  await new Client(context, proxy, `${chunked}3\r\nabc\r\n0\r\n\r\n`).ended();
  assert.deepEqual(target.bodies, ["body", "abc"]);
  const socket = new Client(context, proxy, upgrade);
  await socket.received(/^HTTP\/1.1 101 [^]*\r\n\r\nhello$/);
  socket.send("x");
  await socket.received(/helloyou said x$/);
  assert.equal(proxy.acts, 0);
  assert.deepEqual(proxy.requests, [
    "GET /page HTTP/1.1",
    ...Array.from({ length: 2 }, () => "POST /page HTTP/1.1"),
    "GET /ws HTTP/1.1",
  ]);
});

test("a server that is away is a connection that ends", async (context) => {
  const target = await startTarget(context, (request) => void request.socket.destroy());
  const proxy = await HostileProxy.start(context, target.port);
  assert.equal(await new Client(context, proxy, get).ended(), "");
});

test("strip-upgrade: the server sees a plain request", async (context) => {
  const [proxy, target] = await start(context, hostilities["strip-upgrade"]);
  assert.match(await new Client(context, proxy, upgrade).ended(), /^HTTP\/1.1 200 /);
  const [request] = target.requests;
  assert.equal(request?.headers.upgrade, undefined);
  assert.equal(request?.headers.connection, "close");
  assert.equal(proxy.acts, 1);
});

test("swallow-upgrade: the server's 101 passes, and then nothing in either direction", async (context) => {
  const [proxy, target] = await start(context, hostilities["swallow-upgrade"]);
  const socket = new Client(context, proxy, upgrade);
  await socket.received(/\r\n\r\n/);
  socket.send("x");
  // What comes to the server over another connection has come after it.
  await new Client(context, proxy, get).ended();
  assert.match(socket.text, /^HTTP\/1.1 101 [^]*\r\n\r\n$/);
  assert.deepEqual(target.tunnelled, []);
  assert.equal(proxy.acts, 1);
});

test("answer-upgrade: a right 101 comes, and the server is not asked", async (context) => {
  const [proxy, target] = await start(context, hostilities["answer-upgrade"]);
  const socket = new Client(context, proxy, upgrade);
  await socket.received(/\r\n\r\n/);
  assert.match(socket.text, /^HTTP\/1.1 101 [^]*\r\n\r\n$/);
  assert.ok(socket.text.includes(`Sec-WebSocket-Accept: ${sampleAccept}\r\n`));
  assert.match(socket.text, /Sec-WebSocket-Protocol: one\r\n/);
  assert.deepEqual(target.requests, []);
  assert.equal(proxy.acts, 1);
});

test("buffer-response: nothing comes before the response has ended", async (context) => {
  let end = (): void => {};
  const written: Promise<void> = new Promise((resolve) => {
    void start(context, hostilities["buffer-response"], (_request, response) => {
      response.write("first");
      end = () => void response.end("last");
      resolve();
    }).then(([proxy]) => void (client = new Client(context, proxy, get)));
  });
  let client: Client | undefined;
  await written;
  assert.equal(client?.text, "");
  end();
  const text = (await client?.ended()) ?? "";
  assert.match(text, /\r\n5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\n$/);
});

test("buffer-blocks: whole blocks come, the rest at the end", async (context) => {
  const responses: ServerResponse[] = [];
  const [proxy] = await start(context, hostilities["buffer-blocks"], (_request, response) => {
    response.write("x".repeat(9000));
    responses.push(response);
  });
  const client = new Client(context, proxy, get);
  await client.received(/^.{8192}$/s);
  responses[0]?.end();
  assert.ok((await client.ended()).endsWith("x\r\n0\r\n\r\n"));
});

test("a proxy that buffers leaves WebSockets alone, or does not", async (context) => {
  const [proxy] = await start(context, hostilities["buffer-response"]);
  const spared = new Client(context, proxy, upgrade);
  await spared.received(/hello$/);
  proxy.mode = { ...proxy.mode, includesTunnels: true };
  const socket = new Client(context, proxy, upgrade);
  socket.send("x");
  await new Client(context, proxy, get).ended();
  assert.equal(socket.text, "");
});

test("cut: the connection ends behind so many bytes", async (context) => {
  const [proxy] = await start(context, { ...hostilities.cut, responses: { kind: "cut", afterBytes: 60 } });
  assert.equal(await new Client(context, proxy, get).ended(), `${plainHead}0123456789`.slice(0, 60));
  proxy.mode = hostilities.cut;
  assert.equal(await new Client(context, proxy, get).ended(), `${plainHead}0123456789`);
  assert.equal(proxy.acts, 1);
});

test("trickle: bytes come one by one, an interval apart", async (context) => {
  const [proxy] = await start(context, hostilities.trickle);
  const began = performance.now();
  const client = new Client(context, proxy, get);
  assert.equal(await client.ended(), `${plainHead}0123456789`);
  assert.ok(performance.now() - began >= (plainHead.length + 9) * 10 * 0.95);
  // A busy machine may give a reader several at once.
  assert.ok(client.pieces.length > 20, String(client.pieces.length));
  proxy.mode = { ...proxy.mode, responses: { kind: "trickle", intervalMs: 0 } };
  assert.equal(await new Client(context, proxy, get).ended(), `${plainHead}0123456789`);
});

test("reset: the connection is reset in the middle of a chunk, of a body, of a frame", async (context) => {
  const mode: Hostility = { ...hostilities.reset, responses: { kind: "reset", every: 1, chunksMax: 1 } };
  const [proxy] = await start(context, mode, (_request, response) => {
    response.write("a chunk");
  });
  assert.match(await new Client(context, proxy, get).ended(), /\r\n\r\n7\r\na creset$/);
  const [beforePlain] = await start(context, mode);
  assert.equal(await new Client(context, beforePlain, get).ended(), `${plainHead}01234reset`);
  assert.match(await new Client(context, proxy, upgrade).ended(), /\r\n\r\nhelreset$/);
  assert.equal(proxy.acts + beforePlain.acts, 3);
});

test("swallow-response: the request is handled, and no response comes", async (context) => {
  const mode: Hostility = { ...hostilities["swallow-response"], responses: { kind: "swallow", every: 1 } };
  const [proxy, target] = await start(context, mode);
  assert.equal(await new Client(context, proxy, post("handled")).ended(), "");
  assert.deepEqual(target.bodies, ["handled"]);
  assert.equal(await new Client(context, proxy, upgrade).ended(), "");
  const [beforeStream] = await start(context, mode, (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: endless\n\n");
  });
  assert.equal(await new Client(context, beforeStream, get).ended(), "");
});

test("swallow-response: the same seed swallows the same ones", async (context) => {
  const [first, target] = await start(context, hostilities["swallow-response"]);
  const answersOf = async (proxy: HostileProxy): Promise<boolean[]> => {
    const answers: boolean[] = [];
    for (let i = 0; i < 20; i++) answers.push((await new Client(context, proxy, get).ended()) !== "");
    return answers;
  };
  const answers = await answersOf(first);
  assert.ok(answers.includes(true) && answers.includes(false));
  const again = await HostileProxy.start(context, target.port, hostilities["swallow-response"]);
  assert.deepEqual(await answersOf(again), answers);
});

test("repeat-request: the server handles it twice, and one answer comes, the first or the second", async (context) => {
  let count = 0;
  const [proxy, target] = await start(context, hostilities["repeat-request"], (_request, response) => {
    count += 1;
    response.end(count % 2 === 1 ? "first" : "second");
  });
  const answers = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const client = new Client(context, proxy, post(`${i}`));
    answers.add((await client.ended()).split("\r\n").at(-1) ?? "");
  }
  assert.deepEqual([...answers].toSorted(), ["first", "second"]);
  const bodies = Array.from({ length: 20 }, (_, i) => [`${i}`, `${i}`]).flat();
  assert.deepEqual(target.bodies.slice(0, 39), bodies.slice(0, 39));
});

test("delay-posts: posts overtake each other, other requests do not wait", async (context) => {
  const [proxy, target] = await start(context, hostilities["delay-posts"]);
  const sent = Array.from({ length: 10 }, (_, i) => `${i}`);
  const clients = sent.map((body) => new Client(context, proxy, post(body)));
  for (const client of clients) assert.match(await client.ended(), /^HTTP\/1.1 200 /);
  assert.notDeepEqual(target.bodies, sent);
  assert.deepEqual(target.bodies.toSorted(), sent);
  assert.equal(proxy.acts, 10);
  await new Client(context, proxy, get).ended();
  assert.equal(proxy.acts, 10);
});
