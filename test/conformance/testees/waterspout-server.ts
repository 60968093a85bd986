import type * as waterspout from "../../../src/index.ts";
import type { Settings } from "../../../src/index.ts";
import { ExpectedLog } from "../../../src/testing/index.ts";
import { certificate } from "../../support/certificate.ts";
import type { Endpoint } from "../runner/case.ts";
import { smallBytes } from "../runner/case.ts";
import type { ServerTestee } from "../runner/testee.ts";
import { serverTestee } from "../runner/testee.ts";
import { compressionOf } from "./compression.ts";
import type { Known } from "./test-testee.ts";

/** Where the RFC leaves it open, we do what the suite would, but for empty members of a list, which we ignore. */
export const knownOfOurs: Known = { open: /^H\.2\.14 / };

/** What is needed of the package: of the one here, or of a changed copy. */
export type Package = Pick<typeof waterspout, "Application" | "WebSocketHandler">;

export interface WaterspoutOptions {
  readonly isSecure?: boolean;
  /** Settings of every endpoint, beside its limits. */
  readonly websocket?: NonNullable<Settings["websocket"]>;
}

/** The largest messages of the suite are 16 MiB; one that is refused for its size may not come before these. */
const largeBytes = 17 * 1024 * 1024;

/** Servers of ours that echo. An error that one logs fails its closing: a peer is never the cause of one. */
export function waterspoutServer(
  name: string,
  { Application, WebSocketHandler }: Package,
  options: WaterspoutOptions = {},
): ServerTestee {
  class Echo extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      this.writeMessage(message);
    }
  }
  const isSecure = options.isSecure === true;
  return serverTestee(name, { isSecure, hasCompression: true }, async (endpoint) => {
    const log = new ExpectedLog();
    const websocket = { ...settingsOf(endpoint), ...options.websocket };
    const application = new Application([["/ws", Echo]], { logger: log, websocket });
    const listen = { host: "127.0.0.1", ...(isSecure ? { tls: certificate } : {}) };
    const server = await application.listen(0, listen);
    return {
      port: server.port,
      async close() {
        await server.close();
        const errors = log.lines.filter(({ level }) => level === "error").map(({ text }) => text);
        if (errors.length > 0) throw new Error(`the server logged errors:\n${errors.join("\n")}`);
      },
    };
  });
}

function settingsOf(endpoint: Endpoint): NonNullable<Settings["websocket"]> {
  const isSmall = endpoint.endsWith("small");
  const limits = {
    maxMessageBytes: isSmall ? smallBytes : largeBytes,
    maxSendQueueBytes: 4 * largeBytes,
    pingIntervalMs: 0,
  };
  return { ...limits, ...compressionOf(endpoint) };
}
