/** An option of `listen` that is not understood would leave a server open to all: each is refused with what it may be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListenOptions } from "../../src/index.ts";
import { Application, WaterspoutError } from "../../src/index.ts";
import { ExpectedLog } from "../../src/testing/index.ts";
import { certificate } from "../support/certificate.ts";

async function refusal(options: unknown): Promise<string> {
  const app = new Application([], { logger: new ExpectedLog() });
  try {
    const server = await app.listen(0, options as ListenOptions);
    await server.close();
  } catch (error) {
    assert.ok(error instanceof WaterspoutError, String(error));
    return `${error.code}: ${error.message}`;
  }
  return "it listens";
}

test("options that are no object, or have other names, are refused", async () => {
  for (const [options, expected] of [
    [
      "127.0.0.1",
      /^SETTING_INVALID: setting options must be an object \(\{ host, tls, backlog \}\), got "127\.0\.0\.1"/,
    ],
    [() => {}, /^SETTING_INVALID: .* got a function/],
    [null, /^SETTING_INVALID: .* got null/],
    [
      { hostname: "127.0.0.1" },
      /^SETTING_UNKNOWN: there is no setting hostname \(there are: host, tls, backlog\)/,
    ],
  ] as const) {
    assert.match(await refusal(options), expected);
  }
});

test("a host that is no text, or an empty one, is refused", async () => {
  for (const host of [5, null, {}, true, ""]) {
    assert.match(await refusal({ host }), /^ADDRESS_INVALID: cannot listen on host /);
  }
});

test("TLS without a certificate is refused: no client could ever connect", async () => {
  const half = { cert: certificate.cert };
  for (const tls of [{}, { key: undefined, cert: undefined }, half, true, false, null, "key"]) {
    assert.match(await refusal({ tls }), /^SETTING_INVALID: setting tls must be /);
  }
});

test("a backlog is a number of connections", async () => {
  for (const backlog of [0, -1, 1.5, "511", 65_536]) {
    assert.match(
      await refusal({ backlog }),
      /^SETTING_INVALID: setting backlog must be a whole number from 1 to 65535/,
    );
  }
});
