import { defaultWebSocketLimits } from "../../../src/base/limits.ts";
import type { HeartbeatWheel } from "../../../src/transport/heartbeat.ts";
import type * as websocketClient from "../../../src/transport/websocket-client.ts";
import { smallBytes } from "../runner/case.ts";
import type { ClientTestee } from "../runner/testee.ts";
import { clientTestee, clientTls } from "../runner/testee.ts";
import { compressionOf } from "./compression.ts";
import { features } from "./features.ts";

/** What is needed of the package: of the one here, or of a changed copy. */
export interface ClientPackage {
  readonly dialWebSocket: typeof websocketClient.dialWebSocket;
  readonly HeartbeatWheel: typeof HeartbeatWheel;
}

/** A client of ours that echoes. */
export function waterspoutClient(
  name: string,
  { dialWebSocket, HeartbeatWheel: Wheel }: ClientPackage,
  options: { readonly isSecure?: boolean } = {},
): ClientTestee {
  const heartbeats = new Wheel();
  const isSecure = options.isSecure === true;
  return clientTestee(
    name,
    { isSecure, hasCompression: features.clientCompression },
    async (url, endpoint) => {
      const limits = {
        ...defaultWebSocketLimits,
        maxMessageBytes: endpoint.endsWith("small") ? smallBytes : 17 * 1024 * 1024,
        maxSendQueueBytes: 68 * 1024 * 1024,
        pingIntervalMs: 0,
      };
      const tls = isSecure ? clientTls : {};
      const subprotocols: readonly string[] = [];
      try {
        const result = await dialWebSocket(new URL(url), {
          headers: {},
          subprotocols,
          tls,
          limits,
          heartbeats,
          ...compressionOf(endpoint),
        });
        if (result.kind === "refused") return "failed";
        const { transport } = result;
        transport.start({
          receiveText: (text) => transport.sendText(text),
          receiveBinary: (bytes) => transport.sendBinary(bytes),
          receivePing() {},
          receivePong() {},
          receiveClosing() {},
          receiveClosed() {},
        });
        return "opened";
      } catch {
        return "failed";
      }
    },
  );
}
