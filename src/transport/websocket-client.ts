import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { WaterspoutError } from "../base/errors.ts";
import type { HeaderFields } from "../protocol/http/header-fields.ts";
import { fieldValue } from "../protocol/http/header-fields.ts";
import { checkHandshakeResponse } from "../protocol/websocket/handshake.ts";
import { Attempt } from "./dial/attempt.ts";
import type { DialOptions } from "./dial/dial-options.ts";
import type { HttpAnswer } from "./dial/handshake-error.ts";
import { handshakeFailure, showUrl, statusLine } from "./dial/handshake-error.ts";
import { openSocket, reasonOf } from "./dial/open-socket.ts";
import { requestSwitch } from "./dial/request.ts";
import type { Target } from "./dial/target.ts";
import { firstTarget, redirectedTarget } from "./dial/target.ts";
import { endpointOf, openTunnel } from "./dial/tunnel.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** An HTTP answer that is not the handshake's. */
export type RefusedHandshake = HttpAnswer;

/** What dialing led to: a connection, or the server's refusal. */
export type DialResult =
  | {
      readonly kind: "opened";
      readonly transport: WebSocketTransport;
      readonly socket: Socket;
      readonly headers: HeaderFields;
      /** Sec-WebSocket-Extensions as the server wrote it; empty for none. */
      readonly extensions: string;
    }
  | ({ readonly kind: "refused"; readonly url: URL } & RefusedHandshake);

/**
 * Performs the client's half of the opening handshake (RFC 6455 §4.1).
 *
 * @throws WaterspoutError (as a rejection) HANDSHAKE_FAILED when there is no answer, or one that breaks the protocol,
 *   HANDSHAKE_TIMEOUT, PROXY_FAILED, REDIRECT_REFUSED; and the reason of the signal.
 */
export function dialWebSocket(url: URL, options: DialOptions): Promise<DialResult> {
  const work = async (attempt: Attempt): Promise<DialResult> => {
    let target = firstTarget(url, options);
    for (let redirects = 0; ; redirects++) {
      const result = await shakeHands(target, options, attempt);
      if (result.kind === "opened" || redirects >= (options.redirectsMax ?? 0)) return result;
      const next = redirectedTarget(target, result);
      if (next === undefined) return result;
      attempt.drop();
      target = next;
    }
  };
  return Attempt.run(options, work, (result) => result.kind === "opened");
}

async function shakeHands(target: Target, options: DialOptions, attempt: Attempt): Promise<DialResult> {
  const { url } = target;
  const key = randomBytes(16).toString("base64");
  try {
    const tls = target.isTrusted ? options.tls : withoutIdentity(options.tls);
    const tunnel = options.proxy === undefined ? undefined : await openTunnel(options.proxy, url, attempt);
    const socket = await openSocket(endpointOf(url, tls), attempt, tunnel);
    attempt.stage = `for the answer of ${showUrl(url)}`;
    const answer = await requestSwitch(socket, {
      method: "GET",
      path: url.pathname + url.search,
      headers: {
        Host: url.host,
        Upgrade: "websocket",
        Connection: "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
        ...(options.subprotocols.length === 0
          ? {}
          : { "Sec-WebSocket-Protocol": options.subprotocols.join(", ") }),
        ...target.headers,
      },
    });
    const { status, headers } = answer;
    if (answer.kind === "answered" && status !== 101) {
      return { kind: "refused", url, status, headers, body: answer.body };
    }
    const checked = checkHandshakeResponse({ status, headers }, key, {
      subprotocols: options.subprotocols,
      extensions: [],
    });
    const body = answer.kind === "answered" ? answer.body : "";
    if ("problem" in checked || answer.kind === "answered") {
      const problem = "problem" in checked ? checked.problem : "it went on in HTTP";
      const reason = `${showUrl(url)} answered ${statusLine(status)}, but ${problem}`;
      throw handshakeFailure(reason, { status, headers, body });
    }
    const { limits, heartbeats } = options;
    const transport = new WebSocketTransport(socket, {
      role: "client",
      subprotocol: checked.subprotocol,
      limits,
      accepts: "any",
      heartbeats,
      head: answer.head,
    });
    const extensions = fieldValue(headers, "sec-websocket-extensions") ?? "";
    return { kind: "opened", transport, socket, headers, extensions };
  } catch (error) {
    if (error instanceof WaterspoutError) throw error;
    throw handshakeFailure(`${showUrl(url)}: ${reasonOf(error)}`, undefined, error);
  }
}

/** What proves to a server who the client is stays with the server that it is meant for. */
function withoutIdentity(tls: ConnectionOptions): ConnectionOptions {
  const { cert: _cert, key: _key, pfx: _pfx, passphrase: _passphrase, servername: _name, ...rest } = tls;
  return rest;
}
