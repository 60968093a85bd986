import type * as waterspout from "../../../src/index.ts";
import { smallBytes } from "../runner/case.ts";
import type { ClientTestee } from "../runner/testee.ts";
import { clientTestee, clientTls } from "../runner/testee.ts";
import { compressionOf } from "./compression.ts";

/** What is needed of the package: of the one here, or of a changed copy. */
export type ClientPackage = Pick<typeof waterspout, "connect">;

/** A client of ours that echoes. */
export function waterspoutClient(
  name: string,
  { connect }: ClientPackage,
  options: { readonly isSecure?: boolean } = {},
): ClientTestee {
  const isSecure = options.isSecure === true;
  return clientTestee(name, { isSecure, hasCompression: true }, async (url, endpoint) => {
    try {
      const socket = await connect(url, {
        maxMessageBytes: endpoint.endsWith("small") ? smallBytes : 17 * 1024 * 1024,
        maxSendQueueBytes: 68 * 1024 * 1024,
        pingIntervalMs: 0,
        tls: isSecure ? clientTls : {},
        ...compressionOf(endpoint),
      });
      socket.addEventListener("message", ({ data }) => socket.send(data as string | ArrayBuffer));
      return "opened";
    } catch {
      return "failed";
    }
  });
}
