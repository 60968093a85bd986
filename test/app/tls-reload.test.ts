/** A server changes its certificate while it runs: new connections see the new one, and open ones notice nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecureContext } from "node:tls";
import type { TlsOptions } from "../../src/index.ts";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import {
  archivedCertificate,
  certificate,
  renewedCertificate,
  renewedTrust,
  trust,
} from "../support/certificate.ts";
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
    { key: undefined },
    { ticketKeys: Buffer.alloc(5) },
    null as unknown as TlsOptions,
    "cert.pem" as TlsOptions,
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

test("a pair takes the place of an archive, and an archive that of a pair", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: archivedCertificate });
  assert.equal(await isTrusted(server.port, trust), true);
  server.reloadTls(renewedCertificate);
  assert.deepEqual(
    [await isTrusted(server.port, trust), await isTrusted(server.port, renewedTrust)],
    [false, true],
  );
  server.reloadTls({ minVersion: "TLSv1.3" });
  assert.equal(await isTrusted(server.port, renewedTrust), true);
  server.reloadTls(archivedCertificate);
  assert.equal(await isTrusted(server.port, trust), true);
  server.reloadTls({ minVersion: "TLSv1.2" });
  assert.equal(await isTrusted(server.port, trust), true);
  // Half of a pair is none, also where there was an archive.
  for (const tls of [{ cert: renewedCertificate.cert }, { key: renewedCertificate.key }]) {
    assert.throws(() => server.reloadTls(tls), { code: "SETTING_INVALID" });
    assert.equal(await isTrusted(server.port, trust), true);
  }
});

test("what cannot change while a server listens is refused, rather than passed over", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  for (const [tls, name] of [
    [{ ...renewedCertificate, requestCert: true }, "requestCert"],
    [{ ...renewedCertificate, SNICallback: () => {} }, "SNICallback"],
    [{ ...renewedCertificate, passphrse: "secret" }, "passphrse"],
  ] as const) {
    assert.throws(
      () => server.reloadTls(tls as TlsOptions),
      (error: Error) => {
        assert.ok(
          error.message.startsWith(`setting tls.${name} must be left out here: only the certificate`),
        );
        assert.ok(!error.message.includes("secret"));
        return true;
      },
    );
  }
  assert.equal(await isTrusted(server.port, trust), true);
});

test("a server with several names shows each its certificate", async (context) => {
  const byName = new Map([
    ["localhost", createSecureContext(certificate)],
    ["127.0.0.1.nip.example", createSecureContext(renewedCertificate)],
  ]);
  const SNICallback: TlsOptions["SNICallback"] = (name, done) => done(null, byName.get(name));
  const server = await serveRoutes(context, log, routes, {}, { tls: { SNICallback } });
  assert.equal(await isTrusted(server.port, trust), true);
  const other = {
    ...renewedTrust,
    servername: "127.0.0.1.nip.example",
    // What counts here is which one is shown.
    checkServerIdentity: () => undefined,
  };
  assert.equal(await isTrusted(server.port, other), true);
  assert.equal(await isTrusted(server.port, { ...other, ca: trust.ca }), false);
});

test("without TLS there is nothing to reload", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.throws(() => server.reloadTls(certificate), { code: "TLS_NOT_SPOKEN" });
  assert.throws(() => server.reloadTls(undefined as unknown as TlsOptions), { code: "TLS_NOT_SPOKEN" });
});
