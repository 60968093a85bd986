import type { IncomingMessage, ServerOptions } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { createServer } from "node:https";
import type { Server as NetServer } from "node:net";
import type { TlsOptions } from "node:tls";
import { createSecureContext } from "node:tls";
import { misuse } from "../base/errors.ts";
import { invalidSetting } from "../base/setting-check.ts";
import type { DirectResponse } from "./direct-response.ts";

/** What `tls.createServer` takes: certificate, key and the rest. */
export type { TlsOptions };

const expected = "a key and a certificate that fit";

/** What a server can exchange while it runs (`tls.Server.setSecureContext`). Node passes over all else without a word. */
const exchangeable: ReadonlySet<string> = new Set([
  "ca",
  "cert",
  "ciphers",
  "clientCertEngine",
  "crl",
  "dhparam",
  "ecdhCurve",
  "honorCipherOrder",
  "key",
  "maxVersion",
  "minVersion",
  "passphrase",
  "pfx",
  "privateKeyEngine",
  "privateKeyIdentifier",
  "secureOptions",
  "secureProtocol",
  "sessionIdContext",
  "sessionTimeout",
  "sigalgs",
  "ticketKeys",
] satisfies (keyof TlsOptions)[]);

/** A server for https. @throws WaterspoutError SETTING_INVALID where no client could ever connect. */
export function createSecureServer(
  options: ServerOptions<typeof IncomingMessage, typeof DirectResponse> & TlsOptions,
): HttpsServer<typeof IncomingMessage, typeof DirectResponse> {
  checkCertificate(options);
  return refusingNonsense(() => createServer(options));
}

/**
 * Has connections to come use another certificate; those that are open keep theirs. What `options` does not name stays as
 * it was.
 *
 * @returns all options, for the next time.
 * @throws WaterspoutError SETTING_INVALID, and then nothing has changed.
 */
export function reloadCertificate(server: NetServer, before: TlsOptions, options: TlsOptions): TlsOptions {
  checkExchangeable(options);
  const merged = merge(before, options);
  checkCertificate(merged);
  // The server takes its options one by one before it looks at them: they are looked at here first.
  refusingNonsense(() => createSecureContext(merged));
  refusingNonsense(() => (server as unknown as HttpsServer).setSecureContext(merged));
  return merged;
}

function checkExchangeable(options: unknown): void {
  if (typeof options !== "object" || options === null)
    throw invalidSetting("tls", "an object with a key and a certificate", options);
  for (const [name, value] of Object.entries(options)) {
    if (exchangeable.has(name)) continue;
    throw misuse("SETTING_INVALID", {
      name: `tls.${name}`,
      expected: "left out here: only the certificate and what belongs to it change while a server listens",
      // Not itself: it may be a passphrase under a name that is misspelt.
      value: `a value of type ${typeof value}`,
    });
  }
}

/** A certificate comes as a pair or as an archive. Of both OpenSSL takes the archive, which would be the old one here. */
function merge(before: TlsOptions, options: TlsOptions): TlsOptions {
  const { pfx, cert, key, ...others } = before;
  if (options.pfx !== undefined) return { ...others, ...options };
  const isPair = options.cert !== undefined || options.key !== undefined;
  return { ...others, cert, key, ...(isPair ? {} : { pfx }), ...options };
}

function checkCertificate(options: TlsOptions): void {
  const { cert, key, pfx, privateKeyIdentifier, SNICallback, pskCallback, secureContext } =
    options as TlsOptions & { secureContext?: unknown };
  const refuse = (value: string): never => {
    throw misuse("SETTING_INVALID", { name: "tls", expected, value });
  };
  if ([pfx, SNICallback, pskCallback, secureContext].some((each) => each !== undefined)) return;
  if (cert === undefined) refuse("no certificate");
  if (key === undefined && privateKeyIdentifier === undefined) refuse("a certificate without its key");
}

function refusingNonsense<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error);
    throw misuse("SETTING_INVALID", { name: "tls", expected, value }, { cause: error });
  }
}
