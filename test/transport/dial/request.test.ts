/** Servers that answer a handshake in every wrong way: each is a clear message, and no socket is left. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { connect, HandshakeError } from "../../../src/index.ts";
import { deferred } from "../../support/deferred.ts";
import type { Received } from "../../support/fake-server.ts";
import { accepting, fakeServer } from "../../support/fake-server.ts";
import { watchRejections } from "../../support/rejections.ts";

/** Connects to a server that answers so, and waits until both sides are rid of the connection. */
async function failure(
  context: TestContext,
  answer: (received: Received, socket: Socket) => string | Buffer,
  timeoutMs = 10_000,
): Promise<HandshakeError> {
  const unhandled = watchRejections(context);
  const ended = deferred();
  const url = await fakeServer(context, (received, socket) => {
    socket.once("close", () => ended.resolve());
    return answer(received, socket);
  });
  const error: unknown = await connect(url, { timeoutMs }).then(
    () => assert.fail("it was opened"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HandshakeError);
  await ended.promise;
  assert.deepEqual(unhandled, []);
  return error;
}

const rows: readonly {
  readonly name: string;
  readonly answer: (received: Received, socket: Socket) => string | Buffer;
  readonly reason: RegExp;
  readonly status?: number;
}[] = [
  {
    name: "another protocol",
    answer: () => "SSH-2.0-OpenSSH_9.2\r\n",
    reason: /the answer is not HTTP\/1\.1 \(.*\): it begins with "SSH-2\.0-OpenSSH_9\.2\\x0d\\x0a"$/,
  },
  {
    name: "terminal escapes and a long line",
    answer: () => `\u001b[2J${"x".repeat(100_000)}`,
    reason: /the answer is not HTTP\/1\.1 \(.*\): it begins with "\\x1b\[2Jx{76}"$/,
  },
  {
    name: "TLS",
    answer: () => Buffer.from("15030300020228", "hex"),
    reason: /the answer is not HTTP\/1\.1/,
  },
  {
    name: "an end before the answer",
    answer: (_received, socket) => socket.end() && "",
    reason: /: the connection was closed before the answer was complete$/,
  },
  {
    name: "a reset",
    answer: (_received, socket) => socket.resetAndDestroy() && "",
    reason: /: the connection was closed before the answer was complete$/,
  },
  {
    name: "half an answer and an end",
    answer: (_received, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso") && "",
    reason: /: the connection was closed before the answer was complete$/,
  },
  {
    name: "header fields without end",
    answer: () => `HTTP/1.1 101 Switching Protocols\r\n${"X: y\r\n".repeat(20_000)}`,
    reason: /: the answer has more than 16384 bytes of header fields$/,
  },
  {
    name: "a wrong accept",
    answer: (received) => accepting(received, { "Sec-WebSocket-Accept": "x" }),
    reason:
      /answered 101 Switching Protocols, but Sec-WebSocket-Accept does not fit the key\n {2}upgrade: websocket\n/,
    status: 101,
  },
  {
    name: "an extension that was not asked for",
    answer: (received) => accepting(received, { "Sec-WebSocket-Extensions": "permessage-deflate" }),
    reason: /but extension "permessage-deflate" was not offered\n/,
    status: 101,
  },
  {
    name: "a subprotocol that was not asked for",
    answer: (received) => accepting(received, { "Sec-WebSocket-Protocol": "chat" }),
    reason: /but subprotocol "chat" was not offered\n/,
    status: 101,
  },
  {
    name: "a 101 that does not switch",
    answer: (received) => accepting(received, { Upgrade: null }),
    reason: /answered 101 Switching Protocols, but Upgrade is nothing\n/,
    status: 101,
  },
  {
    name: "a refusal that names Upgrade",
    answer: () =>
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\nhello",
    reason: /answered 426 Upgrade Required\n(?:.*\n)*\n {2}hello$/,
    status: 426,
  },
  {
    name: "a body that is cut off",
    answer: (_received, socket) =>
      socket.end("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 100\r\n\r\noh no") && "",
    reason: /answered 500 Internal Server Error\n(?:.*\n)*\n {2}oh no$/,
    status: 500,
  },
  {
    name: "a body that is no body",
    answer: () => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
    reason: /answered 200 OK\n {2}transfer-encoding: chunked/,
    status: 200,
  },
  {
    name: "a status without a name",
    answer: () => "HTTP/1.1 799\r\nContent-Length: 0\r\n\r\n",
    reason: /answered 799\n/,
    status: 799,
  },
];

for (const { name, answer, reason, status } of rows) {
  test(`a server that answers with ${name}`, async (context) => {
    const error = await failure(context, answer);
    assert.equal(error.code, "HANDSHAKE_FAILED");
    assert.match(error.message, reason);
    assert.match(error.message, /^the WebSocket handshake failed: ws:\/\/127\.0\.0\.1:\d+\//);
    assert.equal(error.status, status);
  });
}

test("a body without end is read to a bound", async (context) => {
  const error = await failure(context, (_received, socket) => {
    const more = (): void => {
      while (socket.writable && socket.write("x".repeat(10_000)));
    };
    socket.write("HTTP/1.1 404 Not Found\r\n\r\n");
    socket.on("drain", more);
    more();
    return "";
  });
  assert.equal(error.status, 404);
  assert.equal(error.body, "x".repeat(65_536));
});

test("a body that does not come is not waited for to the last", async (context) => {
  const error = await failure(
    context,
    () => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10\r\n\r\nsoon",
  );
  assert.deepEqual([error.code, error.status, error.body], ["HANDSHAKE_FAILED", 503, "soon"]);
});

for (const [name, answer, stage] of [
  ["answers nothing", "", "for the answer of ws://"],
  ["answers half", "HTTP/1.1 101 Switching Protocols\r\nUpgrade:", "for the answer of ws://"],
  ["goes on with 1xx", "HTTP/1.1 102 Processing\r\n\r\n", "for the answer of ws://"],
] as const) {
  test(`a server that ${name} ends with the time`, async (context) => {
    const error = await failure(context, () => answer, 50);
    assert.equal(error.code, "HANDSHAKE_TIMEOUT");
    assert.equal(error.status, undefined);
    assert.ok(
      error.message.startsWith(
        `the WebSocket handshake was not complete after 50 ms, while waiting ${stage}`,
      ),
      error.message,
    );
    assert.match(error.message, /\. To allow more: timeoutMs\.$/);
  });
}

test("intermediate answers are passed over", async (context) => {
  const url = await fakeServer(
    context,
    (received) => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${accepting(received)}`,
  );
  const socket = await connect(url);
  assert.equal(socket.readyState, socket.OPEN);
  socket.terminate();
});
