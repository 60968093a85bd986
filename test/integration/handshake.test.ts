import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import type { HandshakeFields } from "../support/raw-socket.ts";
import { closeOf, handshake, sampleAccept, sampleKey } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

/** Answers only a handshake that is right: a hook that runs for any other fails the test by its log line. */
class Guarded extends WebSocketHandler {
  override prepare() {
    if (this.getQueryArgument("refused", "") !== "") throw new Error("no hook runs for a refused handshake");
  }
}

interface Row {
  readonly name: string;
  readonly fields?: HandshakeFields;
  readonly method?: string;
  readonly version?: string;
  /** What follows the header fields. */
  readonly body?: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  /** What the explanation in the log must say besides the code. */
  readonly explanation: RegExp;
  /** The request never left HTTP, so that its connection may serve another. */
  readonly keepsConnection?: true;
}

const upgradeHeaders = {
  "sec-websocket-version": ["13"],
  upgrade: ["websocket"],
  connection: ["Upgrade, close"],
};

/** RFC 6455 §4.2.1, requirement by requirement; §4.2.2 and §4.4 say what the answers must have. */
const rows: readonly Row[] = [
  ...["POST", "PUT", "DELETE", "OPTIONS", "PATCH"].map((method): Row => ({
    name: `method ${method}`,
    method,
    status: 405,
    code: "WS_METHOD_NOT_ALLOWED",
    headers: { allow: ["GET"] },
    explanation: new RegExp(`a WebSocket handshake is a GET request, got "${method}"`),
  })),
  ...["1.0", "0.9", "2.0"].map((version): Row => ({
    name: `HTTP/${version}`,
    version,
    status: 400,
    code: "WS_HTTP_VERSION",
    explanation: new RegExp(
      `needs HTTP/1\\.1, got HTTP/${version}\\.\n +Behind nginx: proxy_http_version 1\\.1`,
    ),
  })),
  {
    name: "HTTP/1.0 without a Host",
    version: "1.0",
    fields: { Host: null },
    status: 400,
    code: "WS_HTTP_VERSION",
    explanation: /got HTTP\/1\.0/,
  },
  {
    name: "no Upgrade",
    fields: { Upgrade: null },
    status: 426,
    code: "WS_UPGRADE_REQUIRED",
    headers: upgradeHeaders,
    explanation: /the Upgrade header must name websocket, got nothing\.\n +Open it with new WebSocket/,
  },
  ...["h2c", "websocket/13", "websockets", "web socket", ""].map((upgrade): Row => ({
    name: `Upgrade: ${upgrade}`,
    fields: { Upgrade: upgrade },
    status: 426,
    code: "WS_UPGRADE_REQUIRED",
    headers: upgradeHeaders,
    explanation: new RegExp(`got "${upgrade}"`),
  })),
  {
    name: "no Connection",
    fields: { Connection: null },
    status: 400,
    code: "WS_CONNECTION_INVALID",
    explanation: /must contain Upgrade, got nothing\.\n +Behind nginx: proxy_set_header Connection "upgrade"/,
    keepsConnection: true,
  },
  {
    name: "Connection: keep-alive",
    fields: { Connection: "keep-alive" },
    status: 400,
    code: "WS_CONNECTION_INVALID",
    explanation: /got "keep-alive"/,
    keepsConnection: true,
  },
  {
    name: "Connection: close",
    fields: { Connection: "close" },
    status: 400,
    code: "WS_CONNECTION_INVALID",
    explanation: /got "close"/,
  },
  {
    name: "no Sec-WebSocket-Version",
    fields: { "Sec-WebSocket-Version": null },
    status: 426,
    code: "WS_VERSION_UNSUPPORTED",
    headers: upgradeHeaders,
    explanation: /Sec-WebSocket-Version must be 13, got nothing/,
  },
  ...[
    { version: "8", shown: "8" },
    { version: "0", shown: "0" },
    { version: "", shown: "" },
    { version: "013", shown: "013" },
    { version: "13.0", shown: "13.0" },
    { version: "14", shown: "14" },
    { version: "13, 13", shown: "13, 13" },
    { version: "8, 13", shown: "8, 13" },
    { version: ["13", "13"], shown: "13, 13" },
    { version: ["13", "8"], shown: "13, 8" },
  ].map(({ version, shown }): Row => ({
    name: `Sec-WebSocket-Version: ${JSON.stringify(version)}`,
    fields: { "Sec-WebSocket-Version": version },
    status: 426,
    code: "WS_VERSION_UNSUPPORTED",
    headers: upgradeHeaders,
    explanation: new RegExp(`must be 13, got "${shown}"`),
  })),
  {
    name: "no Sec-WebSocket-Key",
    fields: { "Sec-WebSocket-Key": null },
    status: 400,
    code: "WS_KEY_INVALID",
    explanation: /must be 16 bytes in base64, got nothing/,
  },
  ...[
    { name: "empty", key: "" },
    { name: "15 bytes", key: Buffer.alloc(15, 1).toString("base64") },
    { name: "17 bytes", key: Buffer.alloc(17, 1).toString("base64") },
    { name: "18 bytes", key: Buffer.alloc(18, 1).toString("base64") },
    { name: "32 bytes", key: Buffer.alloc(32, 1).toString("base64") },
    { name: "without padding", key: sampleKey.slice(0, 22) },
    { name: "with one padding character", key: sampleKey.slice(0, 23) },
    { name: "with three padding characters", key: `${sampleKey}=` },
    { name: "in base64url", key: `-_${sampleKey.slice(2)}` },
    { name: "with a space inside", key: `dGhl ${sampleKey.slice(5)}` },
    { name: "with bits set that stand for nothing", key: `${sampleKey.slice(0, 21)}B==` },
    { name: "with bytes past ASCII", key: `\xe9${sampleKey.slice(1)}` },
    { name: "sent twice", key: [sampleKey, sampleKey] },
    { name: "sent twice, once empty", key: [sampleKey, ""] },
    { name: "as a list", key: `${sampleKey}, ${sampleKey}` },
  ].map(({ name, key }): Row => ({
    name: `a key ${name}`,
    fields: { "Sec-WebSocket-Key": key },
    status: 400,
    code: "WS_KEY_INVALID",
    explanation: /Sec-WebSocket-Key must be 16 bytes in base64, got "/,
  })),
  {
    name: "a body of known length",
    fields: { "Content-Length": "5" },
    body: "hello",
    status: 400,
    code: "WS_BODY_NOT_ALLOWED",
    explanation: /a WebSocket handshake has no body, got Content-Length "5"/,
  },
  {
    name: "a body of known length that never comes",
    fields: { "Content-Length": "1000000" },
    status: 400,
    code: "WS_BODY_NOT_ALLOWED",
    explanation: /got Content-Length "1000000"/,
  },
  {
    name: "a chunked body",
    fields: { "Transfer-Encoding": "chunked" },
    body: "5\r\nhello\r\n0\r\n\r\n",
    status: 400,
    code: "WS_BODY_NOT_ALLOWED",
    explanation: /got Transfer-Encoding "chunked"/,
  },
  ...["a b", "a, a", "a;b", "a, b c, d", '"a"', "a\tb", "a,b,\xe9", "(a)"].map((value): Row => ({
    name: `Sec-WebSocket-Protocol: ${value}`,
    fields: { "Sec-WebSocket-Protocol": value },
    status: 400,
    code: "WS_SUBPROTOCOL_INVALID",
    explanation: /Sec-WebSocket-Protocol must be a list of different tokens, got "/,
  })),
  {
    name: "the same subprotocol in two fields",
    fields: { "Sec-WebSocket-Protocol": ["a", "a"] },
    status: 400,
    code: "WS_SUBPROTOCOL_INVALID",
    explanation: /got "a, a"/,
  },
  ...[
    "a;",
    ";a",
    "a b",
    "a; b=",
    "a; =b",
    "a; b=c d",
    'a; b="c d"',
    'a; b="c',
    "a; b c",
    "a;;b",
    "=",
    '"a"',
  ].map((value): Row => ({
    name: `Sec-WebSocket-Extensions: ${value}`,
    fields: { "Sec-WebSocket-Extensions": value },
    status: 400,
    code: "WS_EXTENSIONS_INVALID",
    explanation: /Sec-WebSocket-Extensions must be a list of extensions with parameters, got "/,
  })),
];

for (const row of rows) {
  test(`refused with ${row.status} ${row.code}: ${row.name}`, async (context) => {
    const { log, connectRaw } = await runApplication(context, [["/ws", Guarded]]);
    const raw = await connectRaw();
    const { method = "GET", version = "1.1", body = "" } = row;
    const request = handshake(row.fields, `${method} /ws?refused=1 HTTP/${version}`) + body;
    raw.write(request);
    const response = await raw.response();
    assert.equal(response.status, row.status);
    assert.match(response.body, new RegExp(`^${row.status}: [A-Z][\\w -]+\n${row.code}: [^\n]+\\.\n$`));
    assert.deepEqual(response.headers["content-type"], ["text/plain; charset=utf-8"]);
    for (const [name, values] of Object.entries(row.headers ?? {})) {
      assert.deepEqual(response.headers[name], values, name);
    }
    const access = await log.expect(
      new RegExp(`^${row.status} ${method} /ws\\?refused=1 \\(127\\.0\\.0\\.1\\) \\d+\\.\\d\\dms$`),
    );
    assert.equal(access.level, "warn");
    const explanation = await log.expect(new RegExp(`^${row.code} {2}`));
    assert.equal(explanation.level, "warn");
    assert.match(explanation.text, row.explanation);
    if (row.keepsConnection) {
      raw.write(request);
      assert.equal((await raw.response()).status, row.status);
      // The same refusal again is counted, not explained again.
      await log.expect(new RegExp(`^${row.status} ${method} `));
    } else {
      assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
    }
  });
}

test("refused with 405, and no body: HEAD", async (context) => {
  const { log, connectRaw } = await runApplication(context, [["/ws", Guarded]]);
  const raw = await connectRaw();
  raw.write(handshake({}, "HEAD /ws HTTP/1.1"));
  const all = (await raw.rest()).toString();
  assert.match(all, /^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  assert.match(all, /\r\nAllow: GET\r\n/);
  assert.ok(all.endsWith("\r\n\r\n"), "nothing follows the header fields");
  await log.expect(/^405 HEAD \/ws/);
  await log.expect(/^WS_METHOD_NOT_ALLOWED/);
});

for (const { name, fields } of [
  { name: "as a client sends it", fields: {} },
  { name: "Upgrade in another case", fields: { Upgrade: "WebSocket" } },
  { name: "Upgrade with others", fields: { Upgrade: "h2c,websocket" } },
  { name: "Upgrade in two fields", fields: { Upgrade: ["h2c", "websocket"] } },
  { name: "Connection as Firefox sends it", fields: { Connection: "keep-alive, Upgrade" } },
  { name: "Connection in lower case", fields: { Connection: "upgrade" } },
  { name: "Connection in two fields", fields: { Connection: ["keep-alive", "Upgrade"] } },
  {
    name: "white space around values",
    fields: { "Sec-WebSocket-Key": ` \t${sampleKey}\t `, "Sec-WebSocket-Version": " 13 " },
  },
  { name: "a body of no length", fields: { "Content-Length": "0" } },
  { name: "an empty list of subprotocols", fields: { "Sec-WebSocket-Protocol": "" } },
  { name: "empty members of a list", fields: { "Sec-WebSocket-Protocol": ", a ,, b," } },
  {
    name: "extensions",
    fields: { "Sec-WebSocket-Extensions": 'permessage-deflate; client_max_window_bits, x; y="z", x' },
  },
  { name: "extensions in two fields", fields: { "Sec-WebSocket-Extensions": ["x; y=1", "x"] } },
  { name: "an Expect that is not for us", fields: { Expect: "100-continue" } },
  { name: "field names in capitals", fields: { "Sec-WebSocket-Key": null, "SEC-WEBSOCKET-KEY": sampleKey } },
] as readonly { name: string; fields: HandshakeFields }[]) {
  test(`let in with 101: ${name}`, async (context) => {
    const { connectRaw, log } = await runApplication(context, [["/ws", Guarded]]);
    const raw = await connectRaw();
    raw.write(handshake(fields));
    const { status, headers } = await raw.response();
    assert.equal(status, 101);
    // No subprotocol, since none was selected, and no extension, since there is none (RFC 6455 §4.2.2).
    assert.deepEqual(headers, {
      upgrade: ["websocket"],
      connection: ["Upgrade"],
      "sec-websocket-accept": [sampleAccept],
    });
    raw.write(Buffer.from("888237fa213d3412", "hex"));
    assert.deepEqual(closeOf(await raw.frame()), { code: 1000, reason: "" });
    await log.expect(/^101 GET \/ws/);
  });
}

test("the header fields of a handshake may be cut anywhere", async (context) => {
  const { connectRaw } = await runApplication(context, [["/ws", Guarded]]);
  const raw = await connectRaw();
  for (const character of handshake()) await raw.writeSegment(character);
  assert.deepEqual((await raw.response()).headers["sec-websocket-accept"], [sampleAccept]);
});
