import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { recordsMax } from "../../../src/protocol/session/head.ts";
import { decodeRecord, encodeText } from "../../../src/protocol/session/record.ts";
import { parseSessionRequest } from "../../../src/protocol/session/request.ts";
import { checkProperty } from "../../support/property.ts";

const key = "0123456789-abcDEF_";

/** A body with this head and these lines behind it. */
function bodyOf(head: object, ...lines: string[]): string {
  return [JSON.stringify(head), ...lines, ""].join("\n");
}

const plain = { ack: 0, seq: 0, records: [], poll: undefined, close: undefined };

test("a head alone opens a session, or names one", () => {
  for (const kind of ["sse", "long-polling", "polling"]) {
    const opening = { kind, key: undefined, subprotocols: [] };
    assert.deepEqual(parseSessionRequest(`{"transport":"${kind}"}`), { ...plain, target: opening });
  }
  assert.deepEqual(parseSessionRequest(bodyOf({ transport: "sse", key, subprotocols: ["a", "b"] })), {
    ...plain,
    target: { kind: "sse", key, subprotocols: ["a", "b"] },
  });
  assert.deepEqual(parseSessionRequest('{"session":"any text"}\n'), { ...plain, target: "any text" });
});

test("all that can stand in a head is read, and each line behind it", () => {
  const head = { session: "t", ack: 3, seq: 7, poll: 25_000, close: { code: 3000, reason: "é".repeat(61) } };
  assert.deepEqual(parseSessionRequest(bodyOf(head, '"a"', '{"ping":""}')), {
    target: "t",
    ack: 3,
    seq: 7,
    records: [
      { kind: "text", data: "a" },
      { kind: "ping", base64: "" },
    ],
    poll: 25_000,
    close: { code: 3000, reason: "é".repeat(61) },
  });
  assert.deepEqual(parseSessionRequest('{"session":"t","poll":0,"seq":5,"close":{}}'), {
    ...plain,
    target: "t",
    seq: 5,
    poll: 0,
    close: { code: undefined, reason: "" },
  });
  assert.deepEqual(parseSessionRequest('{"session":"t","close":{"code":1000}}'), {
    ...plain,
    target: "t",
    close: { code: 1000, reason: "" },
  });
});

const objectNeeded = "the first line must be a JSON object";
const targetNeeded = "there must be either transport, which opens a session, or session";
const keyNeeded = "key must be 16 to 64 characters of A-Z, a-z, 0-9, - and _";
const listNeeded = "subprotocols must be a list of different tokens";
const ackNeeded = "ack must be the number of the last record received";
const seqNeeded = "seq must be the number of the first record in the body";
const pollNeeded = "poll must be a number of milliseconds";
const reasonNeeded = "close has a reason that is no text of 123 bytes at most";

for (const [body, reason] of [
  ["", objectNeeded],
  ["\n", objectNeeded],
  ["{", objectNeeded],
  ["null", objectNeeded],
  ["1", objectNeeded],
  ['"session"', objectNeeded],
  ["[]", objectNeeded],
  ['{"session":"t","sesion":"t"}', 'the head has an entry "sesion", which means nothing'],
  ['{"session":"t","__proto__":1}', 'the head has an entry "__proto__", which means nothing'],
  ["{}", targetNeeded],
  ['{"session":"t","transport":"sse"}', targetNeeded],
  ['{"session":null}', "session must be the token of a session"],
  ['{"session":1}', "session must be the token of a session"],
  ['{"transport":"websocket"}', "transport must be one of sse, long-polling, polling"],
  ['{"transport":["sse"]}', "transport must be one of sse, long-polling, polling"],
  ['{"transport":"sse","key":1}', keyNeeded],
  [`{"transport":"sse","key":"${"a".repeat(15)}"}`, keyNeeded],
  [`{"transport":"sse","key":"${"a".repeat(65)}"}`, keyNeeded],
  [`{"transport":"sse","key":"${"a".repeat(16)}\\n"}`, keyNeeded],
  ['{"transport":"sse","key":"aaaaaaaaaaaaaaaä"}', keyNeeded],
  ['{"transport":"sse","subprotocols":"a"}', listNeeded],
  ['{"transport":"sse","subprotocols":[1]}', listNeeded],
  ['{"transport":"sse","subprotocols":["a b"]}', listNeeded],
  ['{"transport":"sse","subprotocols":[""]}', listNeeded],
  ['{"transport":"sse","subprotocols":["a","a"]}', listNeeded],
  ['{"session":"t","ack":-1}', ackNeeded],
  ['{"session":"t","ack":1.5}', ackNeeded],
  ['{"session":"t","ack":"1"}', ackNeeded],
  ['{"session":"t","ack":null}', ackNeeded],
  ['{"session":"t","ack":1e16}', ackNeeded],
  ['{"session":"t","seq":-1}', seqNeeded],
  ['{"session":"t"}\n"a"', seqNeeded],
  ['{"session":"t","seq":0}\n"a"', seqNeeded],
  ['{"session":"t","seq":"1"}\n"a"', seqNeeded],
  ['{"session":"t","poll":-1}', pollNeeded],
  ['{"session":"t","poll":true}', pollNeeded],
  ['{"session":"t","close":1}', "close must be an object"],
  ['{"session":"t","close":null}', "close must be an object"],
  ['{"session":"t","close":[]}', "close must be an object"],
  ['{"session":"t","close":{"code":1005}}', "close has a code that may not be sent"],
  ['{"session":"t","close":{"code":"1000"}}', "close has a code that may not be sent"],
  ['{"session":"t","close":{"code":1000,"reason":1}}', reasonNeeded],
  [`{"session":"t","close":{"code":1000,"reason":"${"é".repeat(62)}"}}`, reasonNeeded],
  [String.raw`{"session":"t","close":{"code":1000,"reason":"\ud800"}}`, reasonNeeded],
  ['{"session":"t","close":{"reason":"a"}}', "close has a reason without a code"],
  ['{"session":"t","seq":1}\n"a"\nb', "line 3 is no record"],
  ['{"session":"t","seq":1}\n\n"a"', "line 2 is no record"],
  ['{"session":"t","seq":1}\n"a"\n\n', "line 3 is no record"],
] as const) {
  test(`refused: ${JSON.stringify(body).slice(0, 90)}`, () => {
    assert.deepEqual(parseSessionRequest(body), { reason });
  });
}

test("a request brings so many records and no more, however they end", () => {
  const lines = Array.from({ length: recordsMax }, () => '""');
  const fault = { reason: `there are more than ${recordsMax} records` };
  const most = parseSessionRequest(bodyOf({ session: "t", seq: 1 }, ...lines));
  assert.equal("records" in most && most.records.length, recordsMax);
  for (const more of [['""'], [""], ["", '"behind an empty line"'], lines]) {
    assert.deepEqual(parseSessionRequest(bodyOf({ session: "t", seq: 1 }, ...lines, ...more)), fault);
  }
});

test("every right request is read as it was written", (context) => {
  const count = fc.nat();
  const head = fc.record(
    { session: fc.string(), ack: count, seq: count.map((seq) => seq + 1), poll: count },
    { requiredKeys: ["session", "seq"] },
  );
  checkProperty(
    context,
    fc.property(head, fc.array(fc.string({ unit: "binary" })), (given, texts) => {
      const lines = texts.map(encodeText);
      assert.deepEqual(parseSessionRequest(bodyOf(given, ...lines)), {
        ...plain,
        ack: given.ack ?? 0,
        seq: given.seq,
        poll: given.poll,
        target: given.session,
        records: lines.map(decodeRecord),
      });
    }),
  );
});

test("whatever comes is read or refused with a reason, and nothing is thrown", (context) => {
  const entries = fc.dictionary(
    fc.constantFrom("transport", "key", "subprotocols", "session", "ack", "seq", "poll", "close", "other"),
    fc.oneof(
      fc.constantFrom<unknown>("sse", key, [], ["a"], 0, 1, -1, {}, { code: 1000 }, { reason: "a" }),
      fc.jsonValue(),
    ),
  );
  const line = fc.oneof(fc.string().map(encodeText), fc.json(), fc.string());
  checkProperty(
    context,
    fc.property(
      fc.oneof(
        entries.map((head) => JSON.stringify(head)),
        line,
      ),
      fc.array(line),
      (first, rest) => {
        const request = parseSessionRequest([first, ...rest].join("\n"));
        if ("reason" in request) assert.match(request.reason, /^[a-z][^\n]*$/);
        else assert.ok(Number.isSafeInteger(request.ack) && Number.isSafeInteger(request.seq));
      },
    ),
    500,
  );
});
