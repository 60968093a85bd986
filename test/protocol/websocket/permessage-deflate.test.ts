import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompressionOptions } from "../../../src/protocol/websocket/compression-options.ts";
import type { ExtensionOffer } from "../../../src/protocol/http/field-values.ts";
import { parseExtensions } from "../../../src/protocol/http/field-values.ts";
import { resolveCompression } from "../../../src/protocol/websocket/compression-options.ts";
import {
  acceptOffers,
  checkAgreed,
  formatOffer,
} from "../../../src/protocol/websocket/permessage-deflate.ts";

function parse(field: string): ExtensionOffer[] {
  const extensions = parseExtensions(field);
  assert.ok(extensions, field);
  return extensions;
}

/** Both sides keep their context and use the whole window, so that nothing is asked for unasked. */
const open: CompressionOptions = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** The server's answer to an offer; undefined where it declines. */
function answer(offer: string, options: CompressionOptions = open): string | undefined {
  return acceptOffers(parse(offer), resolveCompression(options, "server", "c"))?.field;
}

/** What the client makes of an answer: the parameters in short, or the problem. */
function agreed(field: string, options: CompressionOptions = open): string {
  const result = checkAgreed(parse(field), resolveCompression(options, "client", "c"));
  if ("problem" in result) return result.problem;
  return result.parameters === undefined ? "none" : shorten(result.parameters);
}

function shorten(parameters: {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number;
  clientMaxWindowBits: number;
}): string {
  const { serverNoContextTakeover, clientNoContextTakeover } = parameters;
  const flags = `${serverNoContextTakeover ? "s" : "-"}${clientNoContextTakeover ? "c" : "-"}`;
  return `${flags} ${parameters.serverMaxWindowBits} ${parameters.clientMaxWindowBits}`;
}

const pmd = "permessage-deflate";

test("a server answers each parameter as the RFC says", () => {
  const rows: readonly (readonly [
    offer: string,
    options: CompressionOptions,
    field: string,
    agreed: string,
  ])[] = [
    [pmd, open, pmd, "-- 15 15"],
    // §7.1.1.1: granted when asked for, and taken unasked.
    [`${pmd}; server_no_context_takeover`, open, `${pmd}; server_no_context_takeover`, "s- 15 15"],
    [pmd, { ...open, serverNoContextTakeover: true }, `${pmd}; server_no_context_takeover`, "s- 15 15"],
    // §7.1.1.2: a hint that binds the client, and asked for unasked.
    [`${pmd}; client_no_context_takeover`, open, `${pmd}; client_no_context_takeover`, "-c 15 15"],
    [pmd, { ...open, clientNoContextTakeover: true }, `${pmd}; client_no_context_takeover`, "-c 15 15"],
    // §7.1.2.1: answered where offered, never with more, and told unasked.
    [`${pmd}; server_max_window_bits=15`, open, `${pmd}; server_max_window_bits=15`, "-- 15 15"],
    [`${pmd}; server_max_window_bits=9`, open, `${pmd}; server_max_window_bits=9`, "-- 9 15"],
    [
      `${pmd}; server_max_window_bits=11`,
      { ...open, serverMaxWindowBits: 10 },
      `${pmd}; server_max_window_bits=10`,
      "-- 10 15",
    ],
    [pmd, { ...open, serverMaxWindowBits: 10 }, `${pmd}; server_max_window_bits=10`, "-- 10 15"],
    // §7.1.2.2: asked for only where offered, never more than the client's hint.
    [pmd, { ...open, clientMaxWindowBits: 10 }, pmd, "-- 15 15"],
    [`${pmd}; client_max_window_bits`, open, pmd, "-- 15 15"],
    [
      `${pmd}; client_max_window_bits`,
      { ...open, clientMaxWindowBits: 10 },
      `${pmd}; client_max_window_bits=10`,
      "-- 15 10",
    ],
    [`${pmd}; client_max_window_bits=15`, open, pmd, "-- 15 15"],
    [
      `${pmd}; client_max_window_bits=12`,
      { ...open, clientMaxWindowBits: 10 },
      `${pmd}; client_max_window_bits=10`,
      "-- 15 10",
    ],
    [
      `${pmd}; client_max_window_bits=9`,
      { ...open, clientMaxWindowBits: 10 },
      `${pmd}; client_max_window_bits=9`,
      "-- 15 9",
    ],
    // What was compressed with 8 bits can be inflated.
    [`${pmd}; client_max_window_bits=8`, open, `${pmd}; client_max_window_bits=8`, "-- 15 8"],
    // As browsers offer it, with our defaults.
    [
      `${pmd}; client_max_window_bits`,
      {},
      `${pmd}; server_no_context_takeover; client_no_context_takeover`,
      "sc 15 15",
    ],
    [
      `${pmd}; client_max_window_bits; server_max_window_bits="10"; client_no_context_takeover; server_no_context_takeover`,
      open,
      `${pmd}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10`,
      "sc 10 15",
    ],
  ];
  for (const [offer, options, field, parameters] of rows) {
    const result = acceptOffers(parse(offer), resolveCompression(options, "server", "c"));
    assert.equal(result?.field, field, offer);
    assert.equal(result && shorten(result.parameters), parameters, offer);
  }
});

test("a server declines what it does not know, and what is not as it should be", () => {
  const parameters = [
    "unknown",
    "Server_no_context_takeover",
    "server_no_context_takeover=1",
    "server_no_context_takeover=true",
    "server_no_context_takeover; server_no_context_takeover",
    "client_no_context_takeover=1",
    "client_no_context_takeover; client_no_context_takeover",
    "server_max_window_bits",
    "server_max_window_bits=8",
    "server_max_window_bits=10; server_max_window_bits=10",
    "client_max_window_bits; client_max_window_bits=10",
    ...["7", "16", "010", "+10", "-10", "1e1", "10.0", "0x9", "a", "100", "٩"].flatMap((value) =>
      ["server", "client"].map((side) => [side, value] as const),
    ),
  ];
  for (const entry of parameters) {
    const offer =
      typeof entry === "string"
        ? parse(`${pmd}; client_no_context_takeover`)
            .concat(parse(`${pmd}; ${entry}`))
            .slice(1)
        : [{ name: pmd, parameters: [[`${entry[0]}_max_window_bits`, entry[1]] as const] }];
    assert.equal(
      acceptOffers(offer, resolveCompression(open, "server", "c")),
      undefined,
      JSON.stringify(entry),
    );
  }
  // An empty value, which the grammar of the field does not let through either.
  const empty = { name: pmd, parameters: [["client_max_window_bits", ""] as const] };
  assert.equal(acceptOffers([empty], resolveCompression(open, "server", "c")), undefined);
  assert.equal(answer(""), undefined);
  assert.equal(answer("permessage-bzip2, x-webkit-deflate-frame"), undefined);
});

test("a server takes the first alternative that it can accept", () => {
  assert.equal(
    answer(
      `foo, ${pmd}; server_max_window_bits=8, ${pmd}; unknown, ${pmd}; server_max_window_bits=10, ${pmd}`,
    ),
    `${pmd}; server_max_window_bits=10`,
  );
});

test("parameters with the names of what objects inherit are unknown", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.equal(answer(`${pmd}; ${name}`), undefined);
    assert.match(agreed(`${pmd}; ${name}`), /is unknown$/);
  }
});

test("a client offers what its options say", () => {
  const rows: readonly (readonly [options: true | CompressionOptions, field: string])[] = [
    [true, `${pmd}; server_no_context_takeover; client_no_context_takeover; client_max_window_bits`],
    [open, `${pmd}; client_max_window_bits`],
    [
      { serverNoContextTakeover: false, clientNoContextTakeover: false },
      `${pmd}; server_max_window_bits=12; client_max_window_bits=12`,
    ],
  ];
  for (const [options, field] of rows) {
    assert.equal(formatOffer(resolveCompression(options, "client", "c")), field);
  }
});

test("a client takes an answer that fits its offer", () => {
  const limited = { ...open, serverMaxWindowBits: 12, clientMaxWindowBits: 11 };
  const rows: readonly (readonly [field: string, options: CompressionOptions, agreed: string])[] = [
    ["", open, "none"],
    [pmd, open, "-- 15 15"],
    [`${pmd}; server_no_context_takeover`, open, "s- 15 15"],
    [`${pmd}; server_no_context_takeover`, { ...open, serverNoContextTakeover: true }, "s- 15 15"],
    [`${pmd}; client_no_context_takeover`, open, "-c 15 15"],
    [pmd, { ...open, clientNoContextTakeover: true }, "-c 15 15"],
    [`${pmd}; server_max_window_bits=8`, open, "-- 8 15"],
    [`${pmd}; server_max_window_bits=12`, limited, "-- 12 11"],
    [`${pmd}; server_max_window_bits=9; client_max_window_bits=10`, limited, "-- 9 10"],
    [`${pmd}; client_max_window_bits=8`, open, "-- 15 8"],
    [`${pmd}; client_max_window_bits=15`, open, "-- 15 15"],
  ];
  for (const [field, options, parameters] of rows) assert.equal(agreed(field, options), parameters, field);
});

test("a client says what is wrong with an answer", () => {
  const limited = { ...open, serverMaxWindowBits: 12, clientMaxWindowBits: 11 };
  const wrong = `extension "${pmd}" was answered wrongly: `;
  const rows: readonly (readonly [field: string, options: CompressionOptions, problem: string])[] = [
    ["foo", open, 'extension "foo" was not offered'],
    [`${pmd}, foo`, open, 'extension "foo" was not offered'],
    ["Permessage-Deflate", open, 'extension "Permessage-Deflate" was not offered'],
    [`${pmd}, ${pmd}`, open, `extension "${pmd}" was answered more than once`],
    [`${pmd}; foo`, open, `${wrong}parameter "foo" is unknown`],
    [
      `${pmd}; server_no_context_takeover; server_no_context_takeover`,
      open,
      `${wrong}parameter "server_no_context_takeover" came more than once`,
    ],
    [
      `${pmd}; client_no_context_takeover=1`,
      open,
      `${wrong}parameter "client_no_context_takeover" has the value "1"`,
    ],
    [`${pmd}; server_max_window_bits`, open, `${wrong}parameter "server_max_window_bits" has no value`],
    [
      `${pmd}; server_max_window_bits=08`,
      open,
      `${wrong}parameter "server_max_window_bits" has the value "08"`,
    ],
    [
      `${pmd}; server_max_window_bits=13`,
      limited,
      `${wrong}server_max_window_bits is 13, but 12 was offered`,
    ],
    [pmd, limited, `${wrong}server_max_window_bits is missing`],
    [pmd, { ...open, serverNoContextTakeover: true }, `${wrong}server_no_context_takeover is missing`],
    [`${pmd}; client_max_window_bits`, open, `${wrong}client_max_window_bits has no value`],
    [
      `${pmd}; server_max_window_bits=12; client_max_window_bits=12`,
      limited,
      `${wrong}client_max_window_bits is 12, but 11 was offered`,
    ],
  ];
  for (const [field, options, problem] of rows) assert.equal(agreed(field, options), problem);
});

test("a client that offered nothing takes no extension", () => {
  assert.deepEqual(checkAgreed([], undefined), { parameters: undefined });
  assert.deepEqual(checkAgreed(parse(pmd), undefined), { problem: `extension "${pmd}" was not offered` });
});

test("our client and our server agree on the same, whatever their options", () => {
  const flags = [true, false];
  const bits = [9, 12, 15];
  const all = flags.flatMap((serverNoContextTakeover) =>
    flags.flatMap((clientNoContextTakeover) =>
      bits.flatMap((serverMaxWindowBits) =>
        bits.map((clientMaxWindowBits) => ({
          serverNoContextTakeover,
          clientNoContextTakeover,
          serverMaxWindowBits,
          clientMaxWindowBits,
        })),
      ),
    ),
  );
  for (const ofClient of all.map((options) => resolveCompression(options, "client", "c"))) {
    for (const ofServer of all.map((options) => resolveCompression(options, "server", "c"))) {
      const result = acceptOffers(parse(formatOffer(ofClient)), ofServer);
      assert.ok(result);
      assert.deepEqual(checkAgreed(parse(result.field), ofClient), { parameters: result.parameters });
    }
  }
});
