/** The suite's own tools: what they claim about segments, and that they see what is wrong. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { certificate } from "../support/certificate.ts";
import { RawSocket } from "../support/raw-socket.ts";
import type { Case, Chop } from "./runner/case.ts";
import { gotText, ping, receive, refused, send, text } from "./runner/case.ts";
import { Conversation } from "./runner/conversation.ts";
import { agreeOn, Deflater, Inflater, parseTerms } from "./runner/deflate.ts";
import { answerTo101 } from "./runner/opening.ts";
import { runCase } from "./runner/run-case.ts";
import { clientTls, serverTestee } from "./runner/testee.ts";
import { encodeFrame } from "./runner/wire.ts";

/** Sizes of the reads of a server to which two frames of 6 + 3 bytes were sent. */
async function readsOf(context: TestContext, isSecure: boolean, chop: Chop): Promise<number[]> {
  const reads: number[] = [];
  const server = isSecure ? createTlsServer(certificate) : createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const complete = once(server, isSecure ? "secureConnection" : "connection").then(([socket]: Socket[]) => {
    let length = 0;
    return new Promise<void>((resolve) => {
      socket?.on("data", (chunk: Buffer) => {
        reads.push(chunk.length);
        length += chunk.length;
        if (length === 18) resolve();
      });
    });
  });
  const to = { port, host: "127.0.0.1" };
  const raw = isSecure ? new RawSocket(connectTls({ ...to, ...clientTls })) : await RawSocket.connect(port);
  if (isSecure) await once(raw.socket, "secureConnect");
  const conversation = new Conversation(raw, "server", undefined);
  await conversation.send([text("abc"), text("def")], chop);
  await complete;
  conversation.destroy();
  return reads;
}

for (const isSecure of [false, true]) {
  test(`what is sent in segments is read in segments${isSecure ? ", over TLS, too" : ""}`, async (context) => {
    assert.deepEqual(await readsOf(context, isSecure, "whole"), [18]);
    assert.deepEqual(await readsOf(context, isSecure, "frames"), [9, 9]);
    assert.deepEqual(await readsOf(context, isSecure, { at: 5 }), [5, 13]);
    assert.deepEqual(
      await readsOf(context, isSecure, "bytes"),
      Array.from({ length: 18 }, () => 1),
    );
  });
}

/** What the suite says of a server that answers a handshake, and then with these bytes and the end of its stream. */
async function judge(item: Partial<Case>, ...answers: readonly Uint8Array[]): Promise<string | undefined> {
  const server = createServer((socket) => {
    const raw = new RawSocket(socket);
    void raw.head().then(({ headers }) => {
      raw.write(answerTo101(headers));
      for (const answer of answers) raw.write(answer);
      raw.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const testee = serverTestee("fake", {}, () =>
    Promise.resolve({
      port,
      close: async () => {
        server.close();
        await once(server, "close");
      },
    }),
  );
  const whole: Case = { id: "x", title: "x", section: "x", steps: [], end: "clean", ...item };
  const { failure } = await runCase(testee, whole, { timeoutMs: 5000 });
  await testee.close();
  return failure;
}

const close = encodeFrame("client", { opcode: 8, payload: Uint8Array.of(3, 232) });
const hello = encodeFrame("client", text("Hello"));
const steps = [send(text("Hello")), receive(gotText("Hello"))];

test("a testee that does what it must passes", async () => {
  assert.equal(await judge({ steps }, hello, close), undefined);
});

for (const [name, pattern, answers] of [
  ["another payload", /expected the payload <48656c6c6f>/, [encodeFrame("client", text("hello")), close]],
  ["binary for text", /binary <48656c6c6f> came/, [encodeFrame("client", { opcode: 2, payload: "Hello" }), close]], // prettier-ignore
  ["nothing but close", /close 1000 "" came, expected text/, [close]],
  ["one message more", /expected close 1000/, [hello, hello, close]],
  ["no close frame", /the end of the stream came, expected close/, [hello]],
  ["another code", /close 1001 "" came/, [hello, encodeFrame("client", { opcode: 8, payload: Uint8Array.of(3, 233) })]], // prettier-ignore
  ["a frame behind the close frame", /came after the close frame/, [hello, close, hello]],
  ["a mask", /masked frame from a server/, [encodeFrame("server", text("Hello"))]],
  ["a reserved bit", /reserved bits 4/, [encodeFrame("client", text("Hello", { rsv: 4 }))]],
  [
    "a length in too many bytes",
    /too many bytes/,
    [encodeFrame("client", text("Hello", { lengthBytes: 2 }))],
  ],
  ["a ping too long", /control frame that is too long/, [encodeFrame("client", ping("x".repeat(126)))]],
  ["a fragment of nothing", /opcode 0/, [encodeFrame("client", { opcode: 0 })]],
  ["half a frame", /the connection ended/, [hello.subarray(0, 4)]],
  ["a reason that is no text", /not UTF-8/, [hello, encodeFrame("client", { opcode: 8, payload: Uint8Array.of(3, 232, 255) })]], // prettier-ignore
] as const) {
  test(`a testee that answers with ${name} fails`, async () => {
    assert.match((await judge({ steps }, ...answers)) ?? "passed", pattern);
  });
}

test("a testee that does nothing fails when its time is over", async () => {
  const server = createServer((socket) => {
    const raw = new RawSocket(socket);
    void raw.head().then(({ headers }) => raw.write(answerTo101(headers)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const testee = serverTestee("fake", {}, () => Promise.resolve({ port, close: () => Promise.resolve() }));
  const item: Case = { id: "x", title: "x", section: "x", steps: [], end: refused(1002) };
  const { failure } = await runCase(testee, item, { timeoutMs: 50 });
  assert.equal(failure, "nothing came for 50 ms");
  server.close();
});

test("what was agreed on is held against the offer", () => {
  const bits = { serverMaxWindowBits: 10, serverNoContextTakeover: true };
  for (const answer of [
    "",
    "; server_max_window_bits=10",
    "; server_no_context_takeover",
    "; server_no_context_takeover; server_max_window_bits=11",
    "; client_max_window_bits=10; server_no_context_takeover; server_max_window_bits=9",
  ])
    // prettier-ignore
    assert.throws(() => agreeOn([bits], `permessage-deflate${answer}`), /fits none/, answer);
  const answer = "permessage-deflate; server_no_context_takeover; server_max_window_bits=9";
  assert.deepEqual(agreeOn([{}, bits], answer), {
    server: { noContextTakeover: true, windowBits: 9 },
    client: { noContextTakeover: false, windowBits: 15 },
  });
  for (const wrong of ["x", "permessage-deflate; x", "permessage-deflate; server_max_window_bits=08"])
    assert.equal(parseTerms(wrong), undefined, wrong);
});

test("the runner's inflater sees a window larger than agreed on, and a context that should have gone", async () => {
  const far = Buffer.concat([Buffer.from("0123456789abcdefghijklmnopqrstuvwxyz"), Buffer.alloc(1000), Buffer.from("0123456789abcdefghijklmnopqrstuvwxyz")]); // prettier-ignore
  const wide = new Deflater({ noContextTakeover: false, windowBits: 15 });
  const narrow = new Inflater({ noContextTakeover: false, windowBits: 9 });
  const forgetful = new Inflater({ noContextTakeover: true, windowBits: 15 });
  const first = await wide.deflate(far);
  await assert.rejects(narrow.inflate(first), /too far back/);
  assert.deepEqual(Buffer.from(await forgetful.inflate(first)), far);
  await assert.rejects(forgetful.inflate(await wide.deflate(far)), /too far back/);
  for (const each of [wide, narrow, forgetful]) each.close();
});
