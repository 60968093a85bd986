import type { Server as HttpServer, ServerOptions } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { createServer } from "node:https";
import type { TlsOptions } from "node:tls";
import { createSecureContext } from "node:tls";
import { misuse } from "../base/errors.ts";

/** What `tls.createServer` takes: certificate, key and the rest. */
export type { TlsOptions };

const expected = "a key and a certificate that fit";

/** A server for https. @throws WaterspoutError SETTING_INVALID where no client could ever connect. */
export function createSecureServer(options: ServerOptions & TlsOptions): HttpsServer {
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
export function reloadCertificate(server: HttpServer, before: TlsOptions, options: TlsOptions): TlsOptions {
  const merged = { ...before, ...options };
  checkCertificate(merged);
  // The server takes its options one by one before it looks at them: they are looked at here first.
  refusingNonsense(() => createSecureContext(merged));
  refusingNonsense(() => (server as HttpsServer).setSecureContext(merged));
  return merged;
}

function checkCertificate(options: TlsOptions): void {
  const { cert, pfx, SNICallback, pskCallback, secureContext } = options as TlsOptions & {
    secureContext?: unknown;
  };
  if ([cert, pfx, SNICallback, pskCallback, secureContext].some((each) => each !== undefined)) return;
  throw misuse("SETTING_INVALID", { name: "tls", expected, value: "no certificate" });
}

function refusingNonsense<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error);
    throw misuse("SETTING_INVALID", { name: "tls", expected, value }, { cause: error });
  }
}
