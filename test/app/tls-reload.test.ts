/** A server changes its certificate while it runs: new connections see the new one, and open ones notice nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TlsOptions } from "../../src/index.ts";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { certificate, renewedCertificate, renewedTrust, trust } from "../support/certificate.ts";
import { expectedLog } from "../support/log.ts";
import { exchange, RawConnection, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Hello extends RequestHandler {
  get() {
    return "hello";
  }
}

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

const routes = [
  ["/", Hello],
  ["/ws", Echo],
] as const;

/** Whether a client that trusts `tls` alone gets a page. */
async function isTrusted(port: number, tls: typeof trust): Promise<boolean> {
  try {
    return (await exchange(port, requestText("GET", "/"), { tls })).status === 200;
  } catch (error) {
    assert.match(String(error), /self-signed certificate|unable to verify|signature/);
    return false;
  }
}

test("new connections get the new certificate, and open ones live on", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  assert.deepEqual([await isTrusted(server.port, trust)], [true]);
  const page = await RawConnection.open(server.port, { tls: trust });
  const socket = await TestClient.connect(`${server.url}/ws`, { origin: server.url, tls: trust });

  server.reloadTls(renewedCertificate);

  assert.equal(await isTrusted(server.port, renewedTrust), true);
  assert.equal(await isTrusted(server.port, trust), false);
  page.send(requestText("GET", "/"));
  assert.equal((await page.nextResponse()).text, "hello");
  page.destroy();
  socket.send("still here");
  assert.equal(await socket.nextMessage(), "still here");
  await socket.close();
  const renewed = await TestClient.connect(`${server.url}/ws`, { origin: server.url, tls: renewedTrust });
  renewed.send("new");
  assert.equal(await renewed.nextMessage(), "new");
  await renewed.close();
});

test("a certificate that makes no sense is refused, and the one before stays", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  const table: readonly TlsOptions[] = [
    { cert: "rubbish" },
    { key: "rubbish" },
    // One half of a renewal: the key of one with the certificate of the other.
    { cert: renewedCertificate.cert },
    { key: renewedCertificate.key },
    { ...renewedCertificate, ciphers: "NO-SUCH-CIPHER" },
    { cert: undefined, key: undefined },
  ];
  for (const tls of table) {
    assert.throws(() => server.reloadTls(tls), { code: "SETTING_INVALID" });
    assert.equal(await isTrusted(server.port, trust), true);
  }
  // What was refused is forgotten: a half is still a half.
  assert.throws(() => server.reloadTls({ key: renewedCertificate.key }), { code: "SETTING_INVALID" });
  server.reloadTls(renewedCertificate);
  assert.equal(await isTrusted(server.port, renewedTrust), true);
});

test("what is not given stays: a server that wants TLS 1.3 still does", async (context) => {
  const tls = { ...certificate, minVersion: "TLSv1.3" } as const;
  const server = await serveRoutes(context, log, routes, {}, { tls });
  server.reloadTls(renewedCertificate);
  const old = { ...renewedTrust, maxVersion: "TLSv1.2" } as const;
  await assert.rejects(exchange(server.port, requestText("GET", "/"), { tls: old }));
  await log.expect(/REQUEST_MALFORMED: .*TLS handshake failed/);
  assert.equal(await isTrusted(server.port, renewedTrust), true);
});

test("without TLS there is nothing to reload", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.throws(() => server.reloadTls(certificate), { code: "TLS_NOT_SPOKEN" });
  assert.throws(() => server.reloadTls(undefined as unknown as TlsOptions), { code: "TLS_NOT_SPOKEN" });
});
