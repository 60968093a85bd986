/**
 * The negotiation of permessage-deflate (RFC 7692 §5, §7.1): who compresses how, agreed in one offer and one answer.
 *
 * A window of 8 bits needs care: RFC 7692 knows 8 to 15, zlib compresses with 9 at least. What a peer compressed with 8
 * is inflated like anything else. A server declines an offer that asks it to compress with 8. A client cannot decline
 * such an answer; it agrees, and the codec then sends messages uncompressed, which RFC 7692 §6.1 always allows.
 */
import { quote } from "../../base/text.ts";
import type { ExtensionOffer } from "../http/field-values.ts";
import type { ResolvedCompression } from "./compression-options.ts";

/** What both sides agreed on. */
export interface DeflateParameters {
  /** The server's messages refer to nothing before them. */
  readonly serverNoContextTakeover: boolean;
  /** The client's messages refer to nothing before them. */
  readonly clientNoContextTakeover: boolean;
  /** Base-2 logarithm of the window with which the server compresses, 8 to 15. */
  readonly serverMaxWindowBits: number;
  /** Base-2 logarithm of the window with which the client compresses, 8 to 15. */
  readonly clientMaxWindowBits: number;
}

const extensionName = "permessage-deflate";
const windowBitsLeast = 8;
const windowBitsMost = 15;

/** The parameters of one offer or answer; what did not come is undefined, what came without a value is true. */
interface GivenParameters {
  server_no_context_takeover?: true;
  client_no_context_takeover?: true;
  server_max_window_bits?: number;
  client_max_window_bits?: number | true;
}

/**
 * Answers what a client offers: the first acceptable alternative, and the value of Sec-WebSocket-Extensions that says
 * so; undefined where none is, and the connection goes on without compression.
 */
export function acceptOffers(
  offers: readonly ExtensionOffer[],
  options: ResolvedCompression,
): { readonly parameters: DeflateParameters; readonly field: string } | undefined {
  for (const offer of offers) {
    if (offer.name !== extensionName) continue;
    const given = readParameters(offer);
    // RFC 7692 §7.1: an offer with a parameter that is unknown, repeated or has an invalid value is declined.
    if (typeof given === "string") continue;
    // §7.1.2.1: declined, since zlib cannot compress with so small a window.
    if (given.server_max_window_bits === windowBitsLeast) continue;
    const parameters = accept(given, options);
    return { parameters, field: formatAnswer(given, parameters) };
  }
  return undefined;
}

function accept(given: GivenParameters, options: ResolvedCompression): DeflateParameters {
  const offeredClientBits = given.client_max_window_bits;
  return {
    // §7.1.1.1: what the client asks for must be granted; the server may also do it unasked.
    serverNoContextTakeover: given.server_no_context_takeover ?? options.serverNoContextTakeover,
    // §7.1.1.2: the client's own hint binds it; the server may ask for it unasked.
    clientNoContextTakeover: given.client_no_context_takeover ?? options.clientNoContextTakeover,
    serverMaxWindowBits: Math.min(
      given.server_max_window_bits ?? windowBitsMost,
      options.serverMaxWindowBits,
    ),
    // §7.1.2.2: a client that does not offer this may use the whole window, and cannot be asked for less.
    clientMaxWindowBits:
      offeredClientBits === undefined
        ? windowBitsMost
        : Math.min(
            offeredClientBits === true ? windowBitsMost : offeredClientBits,
            options.clientMaxWindowBits,
          ),
  };
}

function formatAnswer(given: GivenParameters, parameters: DeflateParameters): string {
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters;
  const parts = [extensionName, ...formatFlags(parameters)];
  // §7.1.2.1: must be answered where it was offered, and may be told unasked, so that the client can save memory.
  if (given.server_max_window_bits !== undefined || serverMaxWindowBits < windowBitsMost) {
    parts.push(`server_max_window_bits=${serverMaxWindowBits}`);
  }
  // §7.1.2.2: less than the whole window was agreed on only with a client that offered this parameter.
  if (clientMaxWindowBits < windowBitsMost) parts.push(`client_max_window_bits=${clientMaxWindowBits}`);
  return parts.join("; ");
}

/** What a client offers: the value of Sec-WebSocket-Extensions. */
export function formatOffer(options: ResolvedCompression): string {
  const { serverMaxWindowBits, clientMaxWindowBits } = options;
  const parts = [extensionName, ...formatFlags(options)];
  if (serverMaxWindowBits < windowBitsMost) parts.push(`server_max_window_bits=${serverMaxWindowBits}`);
  // §7.1.2.2: always offered, since the server may ask for a smaller window only then.
  parts.push(
    `client_max_window_bits${clientMaxWindowBits < windowBitsMost ? `=${clientMaxWindowBits}` : ""}`,
  );
  return parts.join("; ");
}

function formatFlags(flags: {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
}): string[] {
  const parts: string[] = [];
  if (flags.serverNoContextTakeover) parts.push("server_no_context_takeover");
  if (flags.clientNoContextTakeover) parts.push("client_no_context_takeover");
  return parts;
}

/**
 * Checks what a server answered to `formatOffer(options)`; `options` is undefined where nothing was offered. Returns
 * what was agreed on (undefined parameters: no compression), or what is wrong, as the end of a sentence: the client
 * must fail the connection then (RFC 7692 §5.1, RFC 6455 §4.1).
 */
export function checkAgreed(
  extensions: readonly ExtensionOffer[],
  options: ResolvedCompression | undefined,
): { readonly parameters: DeflateParameters | undefined } | { readonly problem: string } {
  const [answer, ...more] = extensions;
  if (answer === undefined) return { parameters: undefined };
  const foreign = extensions.find(({ name }) => name !== extensionName);
  if (foreign !== undefined || options === undefined) {
    return { problem: `extension ${quote((foreign ?? answer).name)} was not offered` };
  }
  if (more.length > 0) return { problem: `extension ${quote(extensionName)} was answered more than once` };
  const given = readParameters(answer);
  const problem = typeof given === "string" ? given : findProblem(given, options);
  if (typeof given === "string" || problem !== undefined) {
    return { problem: `extension ${quote(extensionName)} was answered wrongly: ${problem}` };
  }
  const clientBits = (given.client_max_window_bits as number | undefined) ?? windowBitsMost;
  return {
    parameters: {
      serverNoContextTakeover: given.server_no_context_takeover ?? false,
      // §7.1.1.2: what this client offered binds it, whether or not the server repeats it.
      clientNoContextTakeover: given.client_no_context_takeover ?? options.clientNoContextTakeover,
      serverMaxWindowBits: given.server_max_window_bits ?? windowBitsMost,
      clientMaxWindowBits: Math.min(clientBits, options.clientMaxWindowBits),
    },
  };
}

/** What in an answer with valid parameters does not fit the offer. */
function findProblem(given: GivenParameters, options: ResolvedCompression): string | undefined {
  const { server_max_window_bits: serverBits, client_max_window_bits: clientBits } = given;
  // §7.1.1.1: a server that accepts the offer includes it.
  if (options.serverNoContextTakeover && given.server_no_context_takeover === undefined) {
    return "server_no_context_takeover is missing";
  }
  // §7.1.2.1: the same or a smaller value must come back.
  if (options.serverMaxWindowBits < windowBitsMost && serverBits === undefined) {
    return "server_max_window_bits is missing";
  }
  if (serverBits !== undefined && serverBits > options.serverMaxWindowBits) {
    return `server_max_window_bits is ${serverBits}, but ${options.serverMaxWindowBits} was offered`;
  }
  // §7.1.2.2: in an answer it has a value, which is the same or smaller than the one offered.
  if (clientBits === true) return "client_max_window_bits has no value";
  if (clientBits !== undefined && clientBits > options.clientMaxWindowBits) {
    return `client_max_window_bits is ${clientBits}, but ${options.clientMaxWindowBits} was offered`;
  }
  return undefined;
}

/** Reads parameters, or says what is wrong with them whichever side they came from. */
function readParameters(offer: ExtensionOffer): GivenParameters | string {
  const given: GivenParameters = {};
  for (const [name, value] of offer.parameters) {
    if (Object.hasOwn(given, name)) return `parameter ${quote(name)} came more than once`;
    switch (name) {
      case "server_no_context_takeover":
      case "client_no_context_takeover":
        // §7.1.1: these have no value.
        if (value !== true) return `parameter ${quote(name)} has the value ${quote(value)}`;
        given[name] = true;
        break;
      case "server_max_window_bits":
      case "client_max_window_bits": {
        const bits = value === true ? true : parseWindowBits(value);
        if (bits === undefined) return `parameter ${quote(name)} has the value ${quote(value as string)}`;
        if (name === "client_max_window_bits") given[name] = bits;
        // §7.1.2.1: only the client's may come without a value.
        else if (bits === true) return `parameter ${quote(name)} has no value`;
        else given[name] = bits;
        break;
      }
      default:
        return `parameter ${quote(name)} is unknown`;
    }
  }
  return given;
}

/** RFC 7692 §7.1.2: a decimal integer from 8 to 15 without leading zeros. */
function parseWindowBits(text: string): number | undefined {
  return /^(?:[89]|1[0-5])$/.test(text) ? Number(text) : undefined;
}
