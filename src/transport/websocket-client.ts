import { randomBytes } from "node:crypto";
import { WaterspoutError } from "../base/errors.ts";
import { Attempt } from "./dial/attempt.ts";
import type { ClientTlsOptions, DialOptions, DialResult } from "./dial/dial-options.ts";
import { handshakeFailure, showUrl } from "./dial/handshake-error.ts";
import { openSocket, reasonOf } from "./dial/open-socket.ts";
import { requestSwitch } from "./dial/request.ts";
import type { Target } from "./dial/target.ts";
import { firstTarget, redirectedTarget } from "./dial/target.ts";
import { endpointOf, openTunnel } from "./dial/tunnel.ts";
import { handshakeFields, receiveAnswer } from "./dial/upgrade.ts";

/**
 * Performs the client's half of the opening handshake (RFC 6455 §4.1).
 *
 * @throws WaterspoutError (as a rejection) HANDSHAKE_FAILED when there is no answer, or one that breaks the protocol,
 *   HANDSHAKE_TIMEOUT, PROXY_FAILED, REDIRECT_NOT_FOLLOWED; and the reason of the signal.
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
      headers: handshakeFields(target, key, options),
    });
    return receiveAnswer(url, socket, answer, key, options);
  } catch (error) {
    if (error instanceof WaterspoutError) throw error;
    throw handshakeFailure(`${showUrl(url)}: ${reasonOf(error)}`, undefined, error);
  }
}

/** What proves to a server who the client is stays with the server that it is meant for. */
function withoutIdentity(tls: ClientTlsOptions): ClientTlsOptions {
  const identity = new Set(["cert", "key", "pfx", "passphrase", "secureContext", "servername"]);
  return Object.fromEntries(Object.entries(tls).filter(([name]) => !identity.has(name)));
}
