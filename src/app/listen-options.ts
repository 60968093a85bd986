import { misuse } from "../base/errors.ts";
import { checkNames, checkWholeNumber, invalidSetting } from "../base/setting-check.ts";
import { checkPort } from "../transport/listen-address.ts";
import type { TlsOptions } from "../transport/tls-server.ts";

/** How to listen. */
export interface ListenOptions {
  /** The address or name to bind: `127.0.0.1`, `localhost`, `::`. Default: all addresses of this machine. */
  readonly host?: string;
  /** Certificate and key, and whatever else `tls.createServer` takes: the server then speaks https and wss. */
  readonly tls?: TlsOptions;
  /**
   * Connections that the operating system keeps ready before they are accepted, 1 to 65535; it may have a limit of its own,
   * on Linux `net.core.somaxconn`. Default 4096.
   */
  readonly backlog?: number;
}

const optionNames = ["host", "tls", "backlog"] as const;

/** Throws SETTING_INVALID, SETTING_UNKNOWN or PORT_INVALID: what is not understood would leave a server open to all. */
export function checkListening(target: unknown, options: unknown): void {
  if (typeof options !== "object" || options === null)
    throw invalidSetting("options", "an object ({ host, tls, backlog })", options);
  checkNames("", options, optionNames);
  const { tls, backlog } = options as { readonly tls?: unknown; readonly backlog?: unknown };
  if (tls !== undefined && (typeof tls !== "object" || tls === null))
    throw invalidSetting("tls", "an object with a key and a certificate", tls);
  if (backlog !== undefined) checkWholeNumber("backlog", backlog, [1, 65_535]);
  if (!isObject(target)) checkPort(target);
  else if ("path" in target) checkPath(target, options);
  else if ("source" in target) checkSource(target, options);
  else checkPort(target);
}

/** What goes with a port alone is refused with a Unix socket. */
function checkPath(target: object, options: ListenOptions): void {
  checkNames("", target, ["path", "mode"]);
  refuse(options, "host", "a Unix socket has no address");
  refuse(options, "tls", "nobody listens in on a Unix socket");
}

function checkSource(target: object, options: ListenOptions): void {
  checkNames("", target, ["source"]);
  const { source } = target as { readonly source: unknown };
  const isSource = isObject(source) && ["on", "off"].every((name) => typeof source[name] === "function");
  if (!isSource) throw invalidSetting("source", "a net.Server, or what emits its connections", source);
  refuse(options, "host", "somebody else listens");
  refuse(options, "backlog", "somebody else listens");
}

function refuse(options: ListenOptions, name: keyof ListenOptions, reason: string): void {
  if (options[name] === undefined) return;
  throw misuse("SETTING_INVALID", { name, expected: `left out here, since ${reason}`, value: "one" });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
