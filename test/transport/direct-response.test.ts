import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Inbox } from "../../src/testing/inbox.ts";
import { DirectResponse, keepAliveFields } from "../../src/transport/direct-response.ts";
import type { HeaderField } from "../../src/transport/response-head.ts";
import { flattenHeaders } from "../../src/transport/response-head.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";

/** An answer as both kinds of response are given it. */
interface Answer {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: readonly HeaderField[];
  /** Undefined for none. */
  readonly length?: number | undefined;
  readonly content?: string | Uint8Array;
}

/** How many bytes the content has. */
function lengthOf({ content = "" }: Answer): number {
  return Buffer.byteLength(content);
}

const keepAliveTimeout = 7900;

type Receive<Response> = (request: IncomingMessage, response: Response) => void;

/** A server whose responses are of this class; resolves with its port. */
async function serve<Response extends typeof ServerResponse<IncomingMessage>>(
  context: TestContext,
  Class: Response,
  receive: Receive<InstanceType<Response>>,
  timeout = keepAliveTimeout,
): Promise<number> {
  const server = createServer({ ServerResponse: Class, keepAliveTimeout: timeout });
  server.on("request", receive as Receive<ServerResponse>);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function writeByNode(response: ServerResponse, answer: Answer): void {
  const { status = 200, reason, headers = [], content } = answer;
  const { length } = { length: lengthOf(answer), ...answer };
  const fields = flattenHeaders(headers, false);
  if (length !== undefined) fields.push("Content-Length", String(length));
  if (reason === undefined) response.writeHead(status, fields);
  else response.writeHead(status, reason, fields);
  response.end(typeof content === "string" ? Buffer.from(content) : content);
}

function answerDirectly(response: DirectResponse, answer: Answer, timeout = keepAliveTimeout): boolean {
  const { status = 200, reason, headers = [], content } = answer;
  const { length } = { length: lengthOf(answer), ...answer };
  return response.answerDirectly(status, reason, headers, length, content, keepAliveFields(timeout));
}

/** All that comes back for some requests, the last of which ends the connection; the times in it are left out. */
async function conversation(port: number, requests: readonly string[]): Promise<string> {
  const connection = await RawConnection.open(port);
  connection.send([...requests, requestText("GET", "/end", ["Connection: close"])].join(""));
  const bytes = await connection.ended();
  return bytes.toString("latin1").replaceAll(/^Date: [^\r]{29}\r$/gm, "Date: now\r");
}

const plain = requestText("GET", "/");

/** Asks a server that answers directly, and one of Node's, for the same, and shows that nobody can tell them apart. */
async function assertSameBytes(
  context: TestContext,
  answer: Answer,
  isDirectExpected: boolean,
  requests: readonly string[] = [plain],
  timeout = keepAliveTimeout,
): Promise<void> {
  const isDirect: boolean[] = [];
  const receiveDirect = (request: IncomingMessage, response: DirectResponse): void => {
    const isDone = answerDirectly(response, answer, timeout);
    if (request.url !== "/end") isDirect.push(isDone);
    if (!isDone) writeByNode(response, answer);
  };
  const ours = await serve(context, DirectResponse, receiveDirect, timeout);
  const nodes = await serve(context, ServerResponse, (_, response) => writeByNode(response, answer), timeout);
  assert.equal(await conversation(ours, requests), await conversation(nodes, requests));
  assert.deepEqual(isDirect, requests.map(() => isDirectExpected)); // prettier-ignore
}

const type: HeaderField = ["Content-Type", "text/plain"];
const hello: Answer = { headers: [type], content: "hello" };
const zoe: HeaderField = ["X-Name", "Zo\u00eb\u0080\u00ff\t"];

const answers: Readonly<Record<string, readonly [answer: Answer, isDirect: boolean]>> = {
  "a text": [hello, true],
  "a text that is not ASCII": [{ content: "郑abc" }, true],
  "a field that is not ASCII": [{ ...hello, headers: [zoe, type] }, true],
  "a text and a field that are not ASCII": [{ headers: [zoe], content: "郑abc" }, false],
  "fields of several values, of none, and of an empty one": [
    {
      ...hello,
      headers: [
        ["Set-Cookie", ["a=1", "b=2"]],
        ["X-None", []],
        ["X-Empty", ""],
      ],
    },
    true,
  ],
  "a length of its own, which does not count": [{ ...hello, headers: [["content-LENGTH", "7"]] }, true],
  bytes: [{ content: Uint8Array.of(0xe9, 0, 0xff) }, true],
  "bytes and a field that is not ASCII": [{ headers: [zoe], content: Uint8Array.of(0xff) }, true],
  "as many bytes as are copied": [{ content: Buffer.alloc(16_384, "x") }, true],
  "more bytes than are copied": [{ headers: [zoe], content: Buffer.alloc(16_385, "x") }, true],
  "a long text": [{ content: "x".repeat(200_000) }, true],
  nothing: [{ status: 204, length: undefined }, true],
  "nothing, of a known length": [{}, true],
  "an empty text": [{ content: "" }, true],
  "a reason of its own": [{ ...hello, status: 404, reason: "Gone Fishing" }, true],
  "its own Date": [{ ...hello, headers: [["dATE", "Thu, 01 Jan 1970 00:00:00 GMT"]] }, false],
  "the end of the connection": [{ ...hello, headers: [["Connection", "close"]] }, false],
  "its own Keep-Alive": [{ ...hello, headers: [["Keep-Alive", "timeout=99"]] }, false],
};

for (const [name, [answer, isDirect]] of Object.entries(answers)) {
  test(`what Node would send is sent: ${name}`, (context) => assertSameBytes(context, answer, isDirect));
}

test("to HEAD and to HTTP/1.0 as well", async (context) => {
  const head = requestText("HEAD", "/");
  await assertSameBytes(context, { length: 5 }, true, [head]);
  const old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  await assertSameBytes(context, hello, false, [old]);
});

test("how long a connection stays open is said, unless it is for ever", async (context) => {
  await assertSameBytes(context, hello, true, [plain], 0);
  await assertSameBytes(context, hello, true, [plain], 500);
});

test("one request after the other on a connection, and none out of turn", async (context) => {
  const responses = new Inbox<DirectResponse>();
  const port = await serve(context, DirectResponse, (_request, response) => responses.add(response));
  const connection = await RawConnection.open(port);
  connection.send(plain + plain);
  const [first, second] = [await responses.next(), await responses.next()];
  assert.equal(answerDirectly(second, hello), false);
  assert.equal(second.writableEnded, false);
  const closed = once(first, "close");
  assert.equal(answerDirectly(first, { ...hello, content: "first" }), true);
  assert.equal((await connection.nextResponse()).text, "first");
  await closed;
  assert.equal(answerDirectly(second, hello), true);
  assert.equal((await connection.nextResponse()).text, "hello");
  connection.send(plain);
  assert.equal(answerDirectly(await responses.next(), hello), true);
  assert.equal((await connection.nextResponse()).text, "hello");
});

test("it is finished when the socket has taken it, and closed after that", async (context) => {
  const responses = new Inbox<DirectResponse>();
  const port = await serve(context, DirectResponse, (_request, response) => responses.add(response));
  const connection = await RawConnection.open(port);
  connection.send(plain);
  const response = await responses.next();
  const events: string[] = [];
  for (const event of ["finish", "close"]) response.on(event, () => events.push(event));
  answerDirectly(response, { ...hello, status: 201 });
  assert.deepEqual([response.statusCode, response.writableEnded, response.isTaken], [201, false, false]);
  assert.deepEqual(events, []);
  await once(response, "close");
  assert.deepEqual([response.writableEnded, response.isTaken], [true, true]);
  assert.deepEqual(events, ["finish", "close"]);
});

test("a client that does not take it has it closed, and not finished", async (context) => {
  const responses = new Inbox<DirectResponse>();
  const port = await serve(context, DirectResponse, (_request, response) => responses.add(response));
  const connection = await RawConnection.open(port);
  connection.send(plain);
  connection.pause();
  const response = await responses.next();
  response.on("finish", () => assert.fail("nobody has taken it"));
  // Until there is no room for what comes behind it.
  do response.socket?.write("x".repeat(1_000_000));
  while (response.socket?.writableLength === 0);
  assert.equal(answerDirectly(response, hello), true);
  const closed = once(response, "close");
  connection.destroy();
  await closed;
  assert.equal(response.isTaken, false);
  // Neither is anything said to somebody who has gone.
  assert.equal(answerDirectly(response, hello), false);
});

test("one that Node sends is taken when it is finished", async (context) => {
  const responses = new Inbox<DirectResponse>();
  const port = await serve(context, DirectResponse, (_request, response) => responses.add(response));
  const connection = await RawConnection.open(port);
  connection.send(plain);
  const response = await responses.next();
  const finished = once(response, "finish");
  assert.equal(response.isTaken, false);
  writeByNode(response, hello);
  await finished;
  assert.equal(response.isTaken, true);
  assert.equal((await connection.nextResponse()).text, "hello");
});

const unsendable: Readonly<Record<string, HeaderField>> = {
  "a value with the end of a line": ["X-Name", "a\r\nSet-Cookie: b"],
  "one of several values with the end of a line": ["X-Name", ["a", "a\nSet-Cookie: b"]],
  "a value with a character of which Latin-1 would make the end of a line": ["X-Name", "a\u{10d}\u{10a}b"],
  "a name with a space": ["X Name", "a"],
  "an empty name": ["", "a"],
};

for (const [name, field] of Object.entries(unsendable)) {
  test(`nothing is sent of what Node would refuse: ${name}`, async (context) => {
    const responses = new Inbox<DirectResponse>();
    const port = await serve(context, DirectResponse, (_request, response) => responses.add(response));
    const connection = await RawConnection.open(port);
    connection.send(plain);
    const response = await responses.next();
    assert.equal(answerDirectly(response, { headers: [field] }), false);
    assert.throws(() => writeByNode(response, { headers: [field] }), TypeError);
    assert.equal(answerDirectly(response, hello), true);
    assert.equal((await connection.nextResponse()).text, "hello");
  });
}

test("more names than are remembered are sent as well", async (context) => {
  const headers = Array.from({ length: 250 }, (_, index): HeaderField => [`X-${index}`, "a"]);
  await assertSameBytes(context, { headers }, true);
});
