import { isIPv6 } from "node:net";
import type { WaterspoutError } from "../base/errors.ts";
import { misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";

/** The URL under which a person on this machine reaches a server that listens there. */
export function serverUrl(scheme: "http" | "https", host: string | undefined, port: number): string {
  const isAnyAddress = host === undefined || host === "::" || host === "0.0.0.0";
  const name = isAnyAddress ? "localhost" : isIPv6(host) ? `[${host}]` : host;
  const isDefaultPort = port === (scheme === "http" ? 80 : 443);
  return `${scheme}://${name}${isDefaultPort ? "" : `:${port}`}`;
}

/** Throws PORT_INVALID unless `port` is one. */
export function checkPort(port: unknown): void {
  if (typeof port !== "number" || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw misuse("PORT_INVALID", { port: kindOf(port) });
  }
}

/**
 * Throws ADDRESS_INVALID unless `host` is a text, or left out. Node takes an empty one for all addresses, which is not what
 * somebody wants whose configuration lacks a value.
 */
export function checkHost(host: unknown): void {
  if (host === undefined || (typeof host === "string" && host !== "")) return;
  throw misuse("ADDRESS_INVALID", { host: kindOf(host), reason: "a host is a name or an address" });
}

/** The error for a failed listen on a Unix socket. */
export function socketError(error: NodeJS.ErrnoException, path: string): WaterspoutError {
  const details = (reason: string): { path: string; reason: string } => ({ path: quote(path), reason });
  const cause = { cause: error };
  switch (error.code ?? "") {
    case "EADDRINUSE":
      return misuse("SOCKET_PATH_IN_USE", details("a program listens there"), cause);
    // Node says EACCES where the system said ENOENT, too.
    case "EACCES":
      return misuse(
        "SOCKET_PATH_INVALID",
        details("its directory does not exist, or this user may not make a file there"),
        cause,
      );
    default:
      return misuse("SOCKET_PATH_INVALID", details(error.message), cause);
  }
}

/** The error for a failed listen: which of the usual reasons it was, and what to do. */
export function listenError(
  error: NodeJS.ErrnoException,
  port: number,
  host: string | undefined,
): WaterspoutError {
  const shownHost = host ?? "all addresses";
  const cause = { cause: error };
  switch (error.code ?? "") {
    case "EADDRINUSE":
      return misuse("PORT_IN_USE", { port, host: shownHost }, cause);
    case "EACCES":
      return misuse("PORT_FORBIDDEN", { port, host: shownHost }, cause);
    case "EADDRNOTAVAIL":
      return misuse(
        "ADDRESS_INVALID",
        { host: quote(host), reason: "it is not an address of this machine" },
        cause,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EINVAL":
      return misuse("ADDRESS_INVALID", { host: quote(host), reason: "the name cannot be resolved" }, cause);
    default:
      return misuse("LISTEN_FAILED", { port, host: shownHost, reason: error.message }, cause);
  }
}
