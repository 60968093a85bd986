import { checkNames, checkWholeNumber, invalidSetting } from "../../base/setting-check.ts";
import type { Role } from "./frame-parser.ts";

/**
 * How messages are compressed (permessage-deflate, RFC 7692). The defaults cost no memory per connection; context
 * takeover compresses similar short messages several times better and costs memory for each connection.
 *
 * "Server" and "client" name who sends: `serverMaxWindowBits` is the window with which the server compresses.
 *
 * @example
 * const compression: CompressionOptions = { serverNoContextTakeover: false, thresholdBytes: 128 };
 */
export interface CompressionOptions {
  /**
   * The server forgets each message before it compresses the next (RFC 7692 §7.1.1.1). With false it may refer to
   * earlier messages, which holds a compressor for each connection. Default true.
   */
  readonly serverNoContextTakeover?: boolean;
  /**
   * The client forgets each message before it compresses the next (RFC 7692 §7.1.1.2). With false its window is kept
   * for each connection. Default true.
   */
  readonly clientNoContextTakeover?: boolean;
  /**
   * Base-2 logarithm of the window with which the server compresses (RFC 7692 §7.1.2.1), 9 to 15; a peer may ask for
   * less. Default 15 (32 KiB), or 12 (4 KiB) with context takeover, where memory is held for each connection.
   */
  readonly serverMaxWindowBits?: number;
  /**
   * Base-2 logarithm of the window with which the client compresses (RFC 7692 §7.1.2.2), 9 to 15. A server can
   * ask for it only of clients that offer it, as browsers do. Default 15, or 12 with context takeover.
   */
  readonly clientMaxWindowBits?: number;
  /** Messages with fewer bytes are sent as they are. Default 1024. */
  readonly thresholdBytes?: number;
  /**
   * How hard to search when compressing, 1 (fast) to 9 (small). Default 3, or 4 with context takeover: on JSON of
   * 1 KiB these take four fifths of the time that zlib's own default of 6 takes, for 3 and 5 % more bytes.
   */
  readonly level?: number;
  /**
   * Memory of a compressor besides its window, 1 to 9. Default 8, which all connections share, or 5 where context
   * takeover needs a compressor for each connection.
   */
  readonly memLevel?: number;
}

/** Compression options checked and complete. */
export type ResolvedCompression = Readonly<Required<CompressionOptions>>;

/** What each option may be; the other two are flags. */
const ranges = {
  serverMaxWindowBits: [9, 15],
  clientMaxWindowBits: [9, 15],
  thresholdBytes: [0, Number.MAX_SAFE_INTEGER],
  level: [1, 9],
  memLevel: [1, 9],
} as const;
const flags = ["serverNoContextTakeover", "clientNoContextTakeover"] as const;
const optionNames: readonly string[] = [...flags, ...Object.keys(ranges)];

/** The window where it is held for each connection; python-websockets has the same. */
const takeoverWindowBits = 12;

/**
 * Checks compression options and fills in what is missing, for the side that `role` names.
 *
 * @throws WaterspoutError SETTING_UNKNOWN, SETTING_INVALID, which name the entry behind `name`.
 */
export function resolveCompression(
  options: true | CompressionOptions,
  role: Role,
  name: string,
): ResolvedCompression {
  if (options !== true) checkOptions(options, name);
  const given: CompressionOptions = options === true ? {} : options;
  const { serverNoContextTakeover = true, clientNoContextTakeover = true } = given;
  const { serverMaxWindowBits = serverNoContextTakeover ? 15 : takeoverWindowBits } = given;
  const { clientMaxWindowBits = clientNoContextTakeover ? 15 : takeoverWindowBits } = given;
  const shared = role === "server" ? serverNoContextTakeover : clientNoContextTakeover;
  const { thresholdBytes = 1024, level = shared ? 3 : 4, memLevel = shared ? 8 : 5 } = given;
  return {
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits,
    thresholdBytes,
    level,
    memLevel,
  };
}

function checkOptions(options: CompressionOptions, name: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidSetting(name, "true, false or an object", options);
  }
  checkNames(`${name}.`, options, optionNames);
  for (const flag of flags) {
    const value: unknown = options[flag];
    if (value !== undefined && typeof value !== "boolean") {
      throw invalidSetting(`${name}.${flag}`, "true or false", value);
    }
  }
  for (const [entry, [least, most]] of Object.entries(ranges)) {
    const value = options[entry as keyof typeof ranges];
    if (value !== undefined) checkWholeNumber(`${name}.${entry}`, value, [least, most]);
  }
}
