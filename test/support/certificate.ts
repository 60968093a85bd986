import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Reads a file of test/fixtures/tls; tests are run from the project's root. */
function read(name: string): string {
  return readFileSync(join("test", "fixtures", "tls", name), "utf8");
}

/** A self-signed certificate for localhost and 127.0.0.1, as a server needs it. */
export const certificate: { readonly key: string; readonly cert: string } = {
  key: read("key.pem"),
  cert: read("cert.pem"),
};

/** What a client must know to trust that certificate. */
export const trust: { readonly ca: string; readonly servername: string } = {
  ca: certificate.cert,
  servername: "localhost",
};

/** Another one for the same names, as after a renewal. */
export const renewedCertificate: { readonly key: string; readonly cert: string } = {
  key: read("renewed-key.pem"),
  cert: read("renewed-cert.pem"),
};

/** What a client must know to trust the renewed certificate, and no other. */
export const renewedTrust: { readonly ca: string; readonly servername: string } = {
  ca: renewedCertificate.cert,
  servername: "localhost",
};

/** The first of the two as an archive (PKCS #12), which is what Windows exports. */
export const archivedCertificate: { readonly pfx: Buffer; readonly passphrase: string } = {
  pfx: readFileSync(join("test", "fixtures", "tls", "archive.pfx")),
  passphrase: "waterspout",
};
