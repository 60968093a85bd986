import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Inbox } from "../../src/testing/inbox.ts";
import { DirectResponse, keepAliveFields } from "../../src/transport/direct-response.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";

/** An answer as both kinds of response are given it. */
interface Answer {
  readonly status?: number;
  readonly reason?: string;
  readonly fields?: readonly string[];
  readonly content?: string | Uint8Array;
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

function writeByNode(response: ServerResponse, { status = 200, reason, fields = [], content }: Answer): void {
  if (reason === undefined) response.writeHead(status, [...fields]);
  else response.writeHead(status, reason, [...fields]);
  response.end(typeof content === "string" ? Buffer.from(content) : content);
}

function answerDirectly(response: DirectResponse, answer: Answer, timeout = keepAliveTimeout): boolean {
  const { status = 200, reason, fields = [], content } = answer;
  return response.answerDirectly(status, reason, fields, content, keepAliveFields(timeout));
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

const text = ["Content-Type", "text/plain", "Content-Length", "5"];

const answers: Readonly<Record<string, readonly [answer: Answer, isDirect: boolean]>> = {
  "a text": [{ fields: text, content: "hello" }, true],
  "a text that is not ASCII": [{ fields: ["Content-Length", "6"], content: "郑abc" }, true],
  "a field that is not ASCII": [
    { fields: ["X-Name", "Zo\u00eb\u0080\u00ff\t", ...text], content: "hello" },
    true,
  ],
  "a text and a field that are not ASCII": [
    { fields: ["X-Name", "Zo\u00eb", "Content-Length", "6"], content: "郑abc" },
    false,
  ],
  "a field that comes twice, and one that is empty": [
    { fields: ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Empty", "", ...text], content: "hello" },
    true,
  ],
  bytes: [{ fields: ["Content-Length", "3"], content: Uint8Array.of(0xe9, 0, 0xff) }, true],
  "bytes and a field that is not ASCII": [
    { fields: ["X-Name", "Zo\u00eb", "Content-Length", "1"], content: Uint8Array.of(0xff) },
    true,
  ],
  "as many bytes as are copied": [
    { fields: ["Content-Length", "16384"], content: Buffer.alloc(16_384, "x") },
    true,
  ],
  "more bytes than are copied": [
    { fields: ["Content-Length", "16385"], content: Buffer.alloc(16_385, "x") },
    false,
  ],
  "a long text": [{ fields: ["Content-Length", "200000"], content: "x".repeat(200_000) }, true],
  nothing: [{ status: 204 }, true],
  "nothing, of a known length": [{ fields: ["Content-Length", "0"] }, true],
  "an empty text": [{ fields: ["Content-Length", "0"], content: "" }, true],
  "a reason of its own": [{ status: 404, reason: "Gone Fishing", fields: text, content: "hello" }, true],
  "its own Date": [{ fields: ["dATE", "Thu, 01 Jan 1970 00:00:00 GMT", ...text], content: "hello" }, false],
  "the end of the connection": [{ fields: ["Connection", "close", ...text], content: "hello" }, false],
  "its own Keep-Alive": [{ fields: ["Keep-Alive", "timeout=99", ...text], content: "hello" }, false],
};

for (const [name, [answer, isDirect]] of Object.entries(answers)) {
  test(`what Node would send is sent: ${name}`, (context) => assertSameBytes(context, answer, isDirect));
}

const hello: Answer = { fields: text, content: "hello" };

test("to HEAD and to HTTP/1.0 as well", async (context) => {
  const head = requestText("HEAD", "/");
  await assertSameBytes(context, { fields: text }, true, [head]);
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

test("it has ended at once, is finished when the socket has taken it, and closed after that", async (context) => {
  const responses = new Inbox<DirectResponse>();
  const port = await serve(context, DirectResponse, (_request, response) => responses.add(response));
  const connection = await RawConnection.open(port);
  connection.send(plain);
  const response = await responses.next();
  const events: string[] = [];
  for (const event of ["finish", "close"]) response.on(event, () => events.push(event));
  answerDirectly(response, { ...hello, status: 201 });
  assert.deepEqual([response.statusCode, response.writableEnded, response.isTaken], [201, true, false]);
  assert.deepEqual(events, []);
  await once(response, "close");
  assert.equal(response.isTaken, true);
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
  const { socket } = response;
  // Until there is no room for what comes behind it.
  while (socket?.writableLength === 0) socket.write("x".repeat(1_000_000));
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

const unsendable: Readonly<Record<string, readonly string[]>> = {
  "a value with the end of a line": ["X-Name", "a\r\nSet-Cookie: b"],
  "a value with a character of which Latin-1 would make the end of a line": ["X-Name", "a\u{10d}\u{10a}b"],
  "a name with a space": ["X Name", "a"],
  "an empty name": ["", "a"],
};

for (const [name, fields] of Object.entries(unsendable)) {
  test(`nothing is sent of what Node would refuse: ${name}`, async (context) => {
    const responses = new Inbox<DirectResponse>();
    const port = await serve(context, DirectResponse, (_request, response) => responses.add(response));
    const connection = await RawConnection.open(port);
    connection.send(plain);
    const response = await responses.next();
    assert.equal(answerDirectly(response, { fields }), false);
    assert.throws(() => response.writeHead(200, [...fields]), TypeError);
    assert.equal(answerDirectly(response, hello), true);
    assert.equal((await connection.nextResponse()).text, "hello");
  });
}

test("more names than are remembered are sent as well", async (context) => {
  const many = Array.from({ length: 250 }, (_, index) => [`X-${index}`, "a"]).flat();
  await assertSameBytes(context, { fields: [...many, "Content-Length", "0"] }, true);
});
