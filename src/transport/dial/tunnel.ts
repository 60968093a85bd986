import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Attempt } from "./attempt.ts";
import type { DialProxy } from "./dial-options.ts";
import { HandshakeError, proxyFailure, showUrl, statusLine } from "./handshake-error.ts";
import type { Endpoint } from "./open-socket.ts";
import { openSocket, reasonOf } from "./open-socket.ts";
import { readTunnelRefusal, requestSwitch } from "./request.ts";
import { basicCredentials, isSecure } from "./target.ts";

/** The host and port of a URL, and how to secure the connection if it asks for that. */
export function endpointOf(url: URL, tls: ConnectionOptions): Endpoint {
  const secure = isSecure(url);
  return {
    host: url.hostname.replaceAll(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    tls: secure ? tls : undefined,
  };
}

/** Opens a tunnel through `proxy` to `url`. What is said to the proxy is not said to the server, nor the other way round. */
export async function openTunnel(proxy: DialProxy, url: URL, attempt: Attempt): Promise<Socket> {
  const { port } = endpointOf(url, {});
  const target = `${url.hostname}:${port}`;
  const shown = showUrl(proxy.url).replace(/\/$/, "");
  const { username, password } = proxy.url;
  try {
    const socket = await openSocket(endpointOf(proxy.url, proxy.tls), attempt);
    attempt.stage = `for the answer of the proxy ${shown}`;
    const answer = await requestSwitch(socket, {
      method: "CONNECT",
      path: target,
      headers: {
        Host: target,
        ...(username === "" && password === ""
          ? {}
          : { "Proxy-Authorization": basicCredentials(username, password) }),
        ...proxy.headers,
      },
    });
    if (answer.kind === "answered") throw new Error(`it answered ${statusLine(answer.status)}`);
    if (answer.status < 200 || answer.status > 299) {
      const refusal = await readTunnelRefusal(socket, answer);
      throw proxyFailure(shown, target, `it answered ${statusLine(answer.status)}`, refusal);
    }
    // The server has not been spoken to, so these bytes are not its.
    if (answer.head.length > 0) throw new Error("it sent bytes of its own into the tunnel");
    return socket;
  } catch (error) {
    throw error instanceof HandshakeError
      ? error
      : proxyFailure(shown, target, reasonOf(error), undefined, error);
  }
}
