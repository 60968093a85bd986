/**
 * A running server, and clients of its sessions that send anything: heads and records that are right, nearly right or
 * nothing of the kind, in any order, with any header fields, and that leave at any time. Only documented answers come, and
 * those who behave are served meanwhile.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RequestHead } from "../../src/protocol/session/head.ts";
import { transportKinds } from "../../src/transport/transport.ts";
import { Application, route, WebSocketHandler } from "../../src/index.ts";
import { ExpectedLog, startApplication } from "../../src/testing/index.ts";
import type { Mutation } from "../support/fuzz-stream.ts";
import { mutate, mutations } from "../support/fuzz-stream.ts";
import { checkAsyncProperty } from "../support/property.ts";
import type { RawResponse } from "../support/raw-http.ts";
import { RawConnection } from "../support/raw-http.ts";
import { postText, SessionClient, sessionBody } from "../support/session-client.ts";

/** One request of a stranger. */
interface Attempt {
  readonly head: Readonly<Record<string, unknown>>;
  /** Whether the token of the session stands in the head. */
  readonly isKnown: boolean;
  readonly records: readonly string[];
  readonly lines: readonly string[];
  readonly damage: readonly Mutation[];
  readonly method: "POST" | "GET" | "OPTIONS" | "PUT";
  readonly leaves: boolean;
}

const count = fc.oneof(fc.nat(4), fc.constantFrom<unknown>(-1, 1.5, "1", null, 2 ** 53, 1e9));
const head = fc.record<Record<string, unknown>>(
  {
    transport: fc.constantFrom<unknown>("sse", "long-polling", "polling", "websocket", 1),
    key: fc.constantFrom<unknown>("0123456789abcdef", "fedcba9876543210", "short", 1),
    subprotocols: fc.constantFrom<unknown>(["a"], ["a", "a"], "a", [1]),
    session: fc.constantFrom<unknown>("", "a.b", 1, null),
    ack: count,
    seq: count,
    poll: fc.constantFrom<unknown>(0, 10, 1e9, -1, "0"),
    close: fc.constantFrom<unknown>({}, { code: 1000 }, { code: 1005 }, { reason: "a" }, 1, []),
    other: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
/** Heads of which more are right. */
const goodHead = fc.record<Record<string, unknown>>(
  { ack: fc.nat(3), seq: fc.integer({ min: 1, max: 4 }), poll: fc.constantFrom(0, 5) },
  { requiredKeys: [] },
);
const line = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)) },
  {
    weight: 3,
    arbitrary: fc.uint8Array().map((bytes) => `{"binary":"${Buffer.from(bytes).toString("base64")}"}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('{"ping":"AA=="}', '{"pong":""}', '{"ping":"A"}', "", "null", "[", '"\\ud800"') }, // prettier-ignore
  { weight: 1, arbitrary: fc.constant(JSON.stringify("x".repeat(3000))) },
);
const field = fc.constantFrom(
  "Accept: text/event-stream",
  "Accept: */*",
  "Content-Type: application/json",
  "Origin: http://localhost",
  "Origin: https://evil.example",
  "Origin: null",
  "Sec-Fetch-Site: cross-site",
  "Last-Event-ID: a.b:1",
  "Connection: close",
  "Expect: 100-continue",
);
const attempt: fc.Arbitrary<Attempt> = fc.record({
  head: fc.oneof({ weight: 2, arbitrary: goodHead }, { weight: 1, arbitrary: head }),
  isKnown: fc.boolean(),
  records: fc.array(line, { maxLength: 4 }),
  lines: fc.uniqueArray(field, { maxLength: 2, selector: (each) => each.split(":")[0] }),
  damage: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: mutations }),
  method: fc.constantFrom("POST", "POST", "POST", "POST", "GET", "OPTIONS", "PUT"),
  leaves: fc.boolean(),
});

const statuses = new Set([100, 200, 204, 400, 403, 404, 405, 413, 415, 426, 503]);
const codes =
  /^(SESSION_REQUEST_INVALID|SESSION_CONTENT_TYPE|SESSION_UNKNOWN|SESSIONS_TOO_MANY|BODY_TOO_LARGE|WS_[A-Z_]+): /m;

/** Looks at an answer as far as it is one that ends. */
function judge(response: RawResponse): void {
  assert.ok(statuses.has(response.status), `${response.status}: ${response.text}`);
  if (response.status >= 400) assert.match(response.text, codes);
  if (response.status !== 200 || response.header("content-type")?.includes("ndjson") !== true) return;
  const [first = "", ...records] = response.text.split("\n");
  const answer = JSON.parse(first) as { ack: number; seq?: number };
  assert.ok(Number.isSafeInteger(answer.ack));
  assert.equal(records.pop(), "");
  assert.equal(answer.seq === undefined, records.length === 0);
  for (const each of records) JSON.parse(each);
}

async function pay(port: number, token: string, attempts: readonly Attempt[]): Promise<void> {
  for (const { head: given, isKnown, records, lines, damage, method, leaves } of attempts) {
    const connection = await RawConnection.open(port);
    const body = sessionBody(isKnown ? { ...given, session: token } : given, records);
    const damaged = mutate(new Uint8Array(Buffer.from(body)), damage);
    connection.send(postText("/ws", damaged, lines).replace(/^POST/, method));
    if (leaves) await new Promise(setImmediate);
    else await connection.received();
    // A stream does not end by itself.
    if (!leaves && !lines.includes("Accept: text/event-stream")) judge(await connection.nextResponse());
    connection.destroy();
  }
}

test("anything may come from clients of sessions", async (context) => {
  let openCount = 0;
  class Echo extends WebSocketHandler {
    override open(): void {
      openCount++;
      this.subscribe("all");
    }
    override onMessage(message: string | Uint8Array): void {
      this.writeMessage(message);
      this.publish("all", message);
    }
    override onClose(): void {
      openCount--;
    }
  }
  const log = new ExpectedLog();
  const app = new Application([route("/ws", Echo, { transports: transportKinds })], {
    logger: log,
    websocket: { maxMessageBytes: 2000, maxSendQueueBytes: 20_000, closeTimeoutMs: 1000 },
    fallback: { pollTimeoutMs: 5, maxBodyBytes: 10_000, maxSessions: 200, sessionTimeoutMs: 500 },
  });
  const server = await startApplication(app);
  const property = fc.asyncProperty(
    fc.array(fc.array(attempt, { maxLength: 5 }), { minLength: 4, maxLength: 4 }),
    fc.constantFrom<RequestHead["transport"]>("polling", "long-polling", "sse"),
    async (strangers, transport) => {
      const victim = new SessionClient(server);
      await victim.open({ transport: transport ?? "polling" });
      await Promise.all(strangers.map((attempts) => pay(server.port, victim.token, attempts)));
      const client = new SessionClient(server);
      await client.open({ transport: "polling" });
      let answer = await client.post({ seq: 1, poll: 0 }, ['"still there?"']);
      // Others may publish meanwhile.
      while (!answer.records.includes('"still there?"')) answer = await client.post({ poll: 0 });
      await client.close();
      await victim.close();
    },
  );
  await checkAsyncProperty(context, property, 20);
  await server.close();
  assert.equal(openCount, 0);
  const errors = log.lines.filter(({ level, text }) => level === "error" && !text.startsWith("503 "));
  assert.deepEqual(errors, []);
});
