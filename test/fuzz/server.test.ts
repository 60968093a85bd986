/**
 * A running server, and strangers who send anything: instead of a handshake, in it, and behind it. It stays alive, serves
 * those who behave meanwhile, and forgets each of the others.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Settings } from "../../src/index.ts";
import { Application, RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { ExpectedLog, startApplication, TestClient } from "../../src/testing/index.ts";
import { agreement, encodeSayings, mutate, mutations, sayings } from "../support/fuzz-stream.ts";
import { checkAsyncProperty } from "../support/property.ts";
import type { HandshakeFields } from "../support/raw-socket.ts";
import { handshake, RawSocket } from "../support/raw-socket.ts";
import { chunksOf } from "../support/recording.ts";

/** What a stranger does. */
interface Visit {
  /** Bytes instead of a handshake, or what is done to one. */
  readonly opening: Uint8Array;
  readonly stream: Uint8Array;
  readonly cuts: readonly number[];
  readonly leave: "end" | "reset" | "destroy";
}

const offers = [
  null,
  "permessage-deflate",
  "permessage-deflate; client_max_window_bits=10; server_no_context_takeover",
];

const fields: fc.Arbitrary<HandshakeFields> = fc.record(
  {
    "Sec-WebSocket-Extensions": fc.constantFrom(...offers),
    "Sec-WebSocket-Protocol": fc.constantFrom("a", "a, b", ",", "a, a"),
    "Sec-WebSocket-Version": fc.constantFrom("13", "8", ""),
    "Content-Length": fc.constantFrom("0", "5", "-1"),
    "Transfer-Encoding": fc.constantFrom("chunked", "gzip"),
    Origin: fc.constantFrom("http://localhost", "null"),
    Expect: fc.constantFrom("100-continue", "200-ok"),
  },
  { requiredKeys: [] },
);
const lines = [
  "GET /ws HTTP/1.1",
  "GET /page HTTP/1.1",
  "POST /ws HTTP/1.1",
  "GET /ws HTTP/1.0",
  "PRI * HTTP/2.0",
  "CONNECT x:1 HTTP/1.1",
];
const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const goodOpening = fc
  .constantFrom(...offers)
  .map((offer) => latin1(handshake({ "Sec-WebSocket-Extensions": offer })));
const badOpening = fc
  .tuple(fields, fc.constantFrom(...lines), mutations)
  .map(([chosen, line, damage]) => mutate(latin1(handshake(chosen, line)), damage));
const garbage = fc.uint8Array({ maxLength: 400, size: "max" });

const visit: fc.Arbitrary<Visit> = fc.record({
  opening: fc.oneof(
    { weight: 6, arbitrary: goodOpening },
    { weight: 2, arbitrary: badOpening },
    { weight: 1, arbitrary: garbage },
  ),
  stream: fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(sayings, agreement, mutations)
        .map(([said, agreed, damage]) =>
          mutate(Buffer.concat(encodeSayings("server", said, agreed)), damage),
        ),
    },
    { weight: 1, arbitrary: garbage },
  ),
  cuts: fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 8 }),
  leave: fc.constantFrom("end", "end", "reset", "destroy"),
});

/** Resolves when the server has ended the connection, or, where the stranger cuts it, at once. */
async function pay(port: number, { opening, stream, cuts, leave }: Visit): Promise<void> {
  const raw = await RawSocket.connect(port);
  for (const chunk of chunksOf(Buffer.concat([opening, stream]), cuts)) {
    // The server may have cut the connection by now; then the rest finds nobody.
    if (raw.socket.writable && chunk.length > 0) await Promise.race([raw.writeSegment(chunk), raw.ended()]);
  }
  if (leave === "reset") raw.reset();
  else if (leave === "destroy") raw.socket.destroy();
  else {
    raw.end();
    await raw.ended();
    raw.socket.destroy();
  }
}

const paths: readonly (readonly [name: string, websocket: NonNullable<Settings["websocket"]>])[] = [
  ["the fast path", {}],
  [
    "the fast path, compressed",
    { compression: { serverNoContextTakeover: false, clientNoContextTakeover: false } },
  ],
  ["the fallback", { sharedReadBuffer: false, compression: true }],
];

for (const [name, websocket] of paths) {
  test(`anything may come, on ${name}`, async (context) => {
    let openCount = 0;
    class Echo extends WebSocketHandler {
      override open(): void {
        openCount++;
        this.subscribe("all");
      }
      override onMessage(message: string | Uint8Array): void {
        this.publish("all", message);
        this.writeMessage(message);
      }
      override onClose(): void {
        openCount--;
      }
    }
    class Page extends RequestHandler {
      get(): string {
        return "a page";
      }
    }
    const log = new ExpectedLog();
    const settings = { logger: log, websocket: { maxMessageBytes: 2000, ...websocket } };
    const app = new Application([["/ws", Echo], ["/page", Page]], settings); // prettier-ignore
    const server = await startApplication(app);
    const property = fc.asyncProperty(fc.array(visit, { minLength: 8, maxLength: 8 }), async (visits) => {
      await Promise.all(visits.map((each) => pay(server.port, each)));
      const client = await TestClient.connect(`${server.url}/ws`);
      client.send("still there?");
      // Others may have published before they left.
      while ((await client.nextMessage()) !== "still there?");
      assert.equal((await client.close(1000)).code, 1000);
    });
    await checkAsyncProperty(context, property, 15);
    const cut = performance.now();
    await server.close();
    // Nobody was left, whom the server would have waited for.
    assert.ok(performance.now() - cut < 4000, "the server did not have to cut anybody");
    assert.equal(openCount, 0);
    assert.deepEqual(
      log.lines.filter(({ level }) => level === "error").map(({ text }) => text),
      [],
    );
  });
}
