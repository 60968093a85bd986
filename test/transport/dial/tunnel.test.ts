import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import type { ConnectOptions } from "../../../src/index.ts";
import { connect, HandshakeError } from "../../../src/index.ts";
import { certificate, trust } from "../../support/certificate.ts";
import { startProxy } from "../../support/connect-proxy.ts";
import { runEcho } from "../../support/echo-server.ts";

async function converse(url: string, options: ConnectOptions): Promise<void> {
  const socket = await connect(url, options);
  socket.send("through the tunnel");
  socket.send(new Uint8Array(100_000));
  socket.send("close");
  const lengths: number[] = [];
  for await (const message of socket) lengths.push(message.length);
  assert.deepEqual(lengths, [18, 100_000]);
  assert.deepEqual(await socket.closed, { code: 1005, reason: "", wasClean: true });
}

const withUser = (url: URL): URL => new URL(url.href.replace("//", "//me:pass%3Aword@"));
const proxyCredentials = `Basic ${Buffer.from("me:pass:word").toString("base64")}`;

for (const scheme of ["http", "https"] as const) {
  for (const target of ["ws", "wss"] as const) {
    test(`a tunnel through an ${scheme}: proxy to a ${target}: server`, async (context) => {
      const { url, handlers, server } = await runEcho(
        context,
        {},
        target === "wss" ? { tls: certificate } : {},
      );
      const proxy = await startProxy(context, scheme);
      await converse(url, {
        headers: { Authorization: "Bearer for the server" },
        tls: target === "wss" ? trust : undefined,
        proxy: {
          url: withUser(proxy.url),
          headers: { "X-Proxy": "1" },
          ...(scheme === "https" ? { tls: trust } : {}),
        },
      });
      const [request] = proxy.requests;
      assert.equal(request?.url, `127.0.0.1:${server.port}`);
      assert.equal(request.headers.host, request.url);
      assert.equal(request.headers["proxy-authorization"], proxyCredentials);
      assert.equal(request.headers["x-proxy"], "1");
      // What is for the one is not for the other.
      assert.equal(request.headers.authorization, undefined);
      const { headers } = handlers[0]?.request ?? assert.fail("there is no request");
      assert.equal(headers["proxy-authorization"], undefined);
      assert.equal(headers["x-proxy"], undefined);
      assert.equal(headers["authorization"], "Bearer for the server");
      assert.doesNotMatch(proxy.tunnelled(), /proxy/i);
    });
  }
}

test("a proxy may be given as a text or a URL, and names an IPv6 address in brackets", async (context) => {
  const { url } = await runEcho(context);
  const proxy = await startProxy(context);
  await converse(url, { proxy: proxy.url });
  await converse(url, { proxy: proxy.url.href });
  assert.equal(proxy.requests[0]?.headers["proxy-authorization"], undefined);
  await assert.rejects(connect("wss://[::1]:1/", { proxy: proxy.url }), { code: "PROXY_FAILED" });
  await assert.rejects(connect("ws://does-not-exist.invalid/", { proxy: proxy.url }), {
    code: "PROXY_FAILED",
  });
  assert.deepEqual(
    proxy.requests.slice(2).map((request) => request.url),
    ["[::1]:1", "does-not-exist.invalid:80"],
  );
});

test("a proxy's refusal is an error with its status, and without its password", async (context) => {
  const body = "who are you?";
  const proxy = await startProxy(
    context,
    "http",
    () =>
      `HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await assert.rejects(connect("wss://example.com/x", { proxy: withUser(proxy.url) }), (error) => {
    assert.ok(error instanceof HandshakeError);
    assert.equal(error.code, "PROXY_FAILED");
    assert.deepEqual([error.status, error.body], [407, body]);
    assert.equal(error.headers?.["proxy-authenticate"], "Basic");
    const [sentence, ...lines] = error.message.split("\n");
    const at = proxy.url.href.replace(/\/$/, "");
    assert.equal(
      sentence,
      `the proxy ${at} opened no tunnel to example.com:443: it answered 407 Proxy Authentication Required`,
    );
    assert.deepEqual(lines, ["  proxy-authenticate: Basic", "  content-length: 12", "", "  who are you?"]);
    return true;
  });
});

for (const [name, answer, reason, status] of [
  [
    "without a length",
    "HTTP/1.1 502 Bad Gateway\r\n\r\nno way",
    /: it answered 502 Bad Gateway\n\n {2}no way$/,
    502,
  ],
  [
    "in pieces",
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    /503 Service Unavailable/,
    503,
  ],
  ["with rubbish", "220 smtp.example.com ESMTP\r\n", /the answer is not HTTP\/1\.1 .*"220 smtp/, undefined],
  [
    "with a redirect",
    "HTTP/1.1 302 Found\r\nLocation: ws://x/\r\nContent-Length: 0\r\n\r\n",
    /302 Found/,
    302,
  ],
  [
    "and speaks first",
    "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101",
    /it sent bytes of its own into the tunnel$/,
    undefined,
  ],
] as const) {
  test(`a proxy that answers ${name} is an error`, async (context) => {
    const proxy = await startProxy(context, "http", (_request, client) => {
      if (name === "without a length") client.end(answer);
      return name === "without a length" ? "" : answer;
    });
    await assert.rejects(connect("ws://example.com/", { proxy: proxy.url, followRedirects: 3 }), (error) => {
      assert.ok(error instanceof HandshakeError);
      assert.equal(error.code, "PROXY_FAILED");
      assert.match(error.message, reason);
      assert.equal(error.status, status);
      return true;
    });
  });
}

test("a proxy that hangs up, is not there or says nothing is an error", async (context) => {
  const hangsUp = await startProxy(context, "http", (_request, client) => client.destroy() && "");
  await assert.rejects(connect("ws://example.com/", { proxy: hangsUp.url }), {
    code: "PROXY_FAILED",
    message: /opened no tunnel to example\.com:80: the connection was closed before the answer was complete$/,
  });
  await assert.rejects(connect("ws://example.com/", { proxy: "http://127.0.0.1:1" }), {
    code: "PROXY_FAILED",
    message: /^the proxy http:\/\/127\.0\.0\.1:1 opened no tunnel .*ECONNREFUSED/,
  });
  const silent = createServer((socket) => context.after(() => socket.destroy())).listen(0, "127.0.0.1");
  await once(silent, "listening");
  context.after(() => silent.close());
  const proxy = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await assert.rejects(connect("ws://example.com/", { proxy, timeoutMs: 50 }), {
    code: "HANDSHAKE_TIMEOUT",
    message: new RegExp(`while waiting for the answer of the proxy ${proxy}\\.`),
  });
});

test("a certificate of the server's that is not trusted is not trusted through a tunnel either", async (context) => {
  const { url } = await runEcho(context, {}, { tls: certificate });
  const proxy = await startProxy(context);
  for (const options of [{ proxy: proxy.url }, {}]) {
    await assert.rejects(connect(url, options), {
      code: "HANDSHAKE_FAILED",
      message: /self-signed certificate/,
    });
    // The right certificate, for another name.
    await assert.rejects(
      connect(url, { ...options, tls: { ca: certificate.cert, servername: "other.example" } }),
      {
        code: "HANDSHAKE_FAILED",
        message: /other\.example/,
      },
    );
  }
});
