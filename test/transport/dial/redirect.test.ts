import assert from "node:assert/strict";
import type { TLSSocket } from "node:tls";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createServer as createSecureServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ConnectOptions } from "../../../src/index.ts";
import { connect } from "../../../src/index.ts";
import { acceptFor } from "../../../src/protocol/websocket/handshake.ts";
import { certificate, trust } from "../../support/certificate.ts";
import { deferred } from "../../support/deferred.ts";
import type { Received } from "../../support/fake-server.ts";
import { accepting, fakeServer } from "../../support/fake-server.ts";

/** A server on which "/to?URL" redirects to URL and anything else opens; with the requests that it has got. */
async function redirector(
  context: TestContext,
  status = 302,
): Promise<{ readonly url: string; readonly requests: Received[]; readonly closed: () => Promise<unknown> }> {
  const requests: Received[] = [];
  const ends: Promise<void>[] = [];
  const url = await fakeServer(context, (received, socket) => {
    requests.push(received);
    const end = deferred();
    ends.push(end.promise);
    socket.once("close", () => end.resolve());
    const location = /^GET \/to\?(\S+) /.exec(received.requestLine)?.[1];
    if (location === undefined) return accepting(received);
    return `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
  });
  return { url: url.replace("http:", "ws:"), requests, closed: () => Promise.all(ends) };
}

async function open(url: string, options: ConnectOptions): Promise<void> {
  const socket = await connect(url, options);
  socket.terminate();
  await socket.closed;
}

const secrets = {
  headers: {
    Authorization: "Bearer secret",
    Cookie: "secret=1",
    "X-Api-Key": "secret",
    "User-Agent": "test",
  },
  origin: "https://app.example",
};

test("a redirect is a refusal, unless redirects are followed", async (context) => {
  const { url, requests } = await redirector(context);
  await assert.rejects(connect(`${url}/to?/there`), {
    code: "HANDSHAKE_FAILED",
    status: 302,
    message: /answered 302 Found \(followRedirects allows 0 redirects\)\n {2}location: \/there/,
  });
  assert.equal(requests.length, 1);
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`a redirect with ${status} to the same origin is followed with everything`, async (context) => {
    const { url, requests } = await redirector(context, status);
    await open(`${url}/to?/there?x=1`, { ...secrets, protocols: "v1", followRedirects: 1 });
    const [first, second] = requests;
    assert.equal(second?.requestLine, "GET /there?x=1 HTTP/1.1");
    const { "sec-websocket-key": _, ...expected } = first?.fields ?? {};
    const { "sec-websocket-key": key, ...fields } = second?.fields ?? {};
    assert.deepEqual(fields, expected);
    assert.equal(fields["authorization"], "Bearer secret");
    assert.notEqual(key, first?.fields["sec-websocket-key"]);
  });
}

test("on the way to another origin no credentials go along, and they do not come back on the way back", async (context) => {
  const [here, there] = [await redirector(context), await redirector(context)];
  const back = `${here.url}/back`;
  await open(`${here.url}/to?${there.url}/to?${back}`, { ...secrets, protocols: "v1", followRedirects: 5 });
  assert.equal(here.requests[0]?.fields["cookie"], "secret=1");
  for (const { fields } of [there.requests[0], here.requests[1]] as Received[]) {
    assert.doesNotMatch(JSON.stringify(fields), /secret/);
    assert.equal(fields["authorization"], undefined);
    assert.equal(fields["user-agent"], "test");
    assert.equal(fields["origin"], "https://app.example");
    assert.equal(fields["sec-websocket-protocol"], "v1");
  }
  assert.equal(here.requests[1]?.requestLine, "GET /back HTTP/1.1");
  assert.equal(there.requests[0]?.fields["host"], new URL(there.url).host);
});

test("a user and password of the URL stay with its origin, and those of a redirect are not used", async (context) => {
  const [here, there] = [await redirector(context), await redirector(context)];
  const to = there.url.replace("//", "//evil:evil@");
  await open(`${here.url.replace("//", "//me:secret@")}/to?/to?${to}`, { followRedirects: 2 });
  const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  assert.deepEqual(
    here.requests.map(({ fields }) => fields["authorization"]),
    [basic, basic],
  );
  assert.equal(there.requests[0]?.fields["authorization"], undefined);
});

test("a Host that the program sets is for the first origin", async (context) => {
  const [here, there] = [await redirector(context), await redirector(context)];
  await open(`${here.url}/to?${there.url}/`, { headers: { Host: "virtual.example" }, followRedirects: 1 });
  assert.equal(here.requests[0]?.fields["host"], "virtual.example");
  assert.equal(there.requests[0]?.fields["host"], new URL(there.url).host);
});

test("so many redirects are followed, and no more", async (context) => {
  const { url, requests, closed } = await redirector(context);
  await open(`${url}/to?/to?/to?/end`, { followRedirects: 3 });
  assert.equal(requests.length, 4);
  // The connections on the way are not left behind.
  await closed();
  await assert.rejects(connect(`${url}/to?/to?/to?/end`, { followRedirects: 2 }), {
    code: "HANDSHAKE_FAILED",
    message: /answered 302 Found \(followRedirects allows 2 redirects\)/,
  });
});

test("a redirect to what is no WebSocket is not followed", async (context) => {
  const { url } = await redirector(context);
  for (const [location, reason] of [
    ["file:///etc/passwd", "a WebSocket has a ws:, wss:, http: or https: URL"],
    ["http://", "it is no URL"],
  ] as const) {
    await assert.rejects(connect(`${url}/to?${location}`, { followRedirects: 1 }), {
      code: "REDIRECT_NOT_FOLLOWED",
      status: 302,
      message: `${url}/to redirects to "${location}", which is not followed: ${reason}`,
    });
  }
});

test("a redirect never leads from TLS to plain text, and a client certificate to no other origin", async (context) => {
  const plain = await redirector(context);
  let other = "";
  const certificates: boolean[] = [];
  const start = async (): Promise<string> => {
    const server = createSecureServer({ ...certificate, requestCert: true, rejectUnauthorized: false });
    server.on("upgrade", (request, socket) => {
      socket.on("error", () => {});
      const { socket: secure } = request;
      certificates.push(
        "getPeerX509Certificate" in secure && (secure as TLSSocket).getPeerX509Certificate() !== undefined,
      );
      const location = request.url === "/plain" ? plain.url : request.url === "/other" ? other : undefined;
      const accept = acceptFor(request.headers["sec-websocket-key"] ?? "");
      socket.end(
        location === undefined
          ? `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
          : `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    context.after(() => server.close());
    return `wss://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const first = await start();
  other = await start();
  const tls = { ...trust, ...certificate };
  await assert.rejects(connect(`${first}/plain`, { tls, followRedirects: 1 }), {
    code: "REDIRECT_NOT_FOLLOWED",
    message: /which is not followed: it leads from TLS to plain text$/,
  });
  assert.deepEqual(plain.requests, []);
  await open(`${first}/other`, { tls, followRedirects: 1 });
  assert.deepEqual(certificates, [true, true, false]);
});
