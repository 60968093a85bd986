import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StreamEvent } from "../../../src/protocol/session/event-stream-parser.ts";
import { EventStreamParser } from "../../../src/protocol/session/event-stream-parser.ts";
import { encodeEvent, encodeTextEvent } from "../../../src/protocol/session/event-stream.ts";
import { checkProperty } from "../../support/property.ts";

function parse(...pieces: readonly string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const parser = new EventStreamParser((event) => events.push(event), 1000);
  for (const piece of pieces) assert.ok(parser.receive(piece));
  return events;
}

const message = (data: string, id = ""): StreamEvent => ({ type: "message", data, id });

// The examples of the HTML Standard, §9.2.6, and what else its grammar says.
const cases: readonly [name: string, stream: string, events: readonly StreamEvent[]][] = [
  ["lines of data are joined", "data: YHOO\ndata: +2\ndata: 10\n\n", [message("YHOO\n+2\n10")]],
  [
    "comments, ids, and an event that is not complete",
    ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event",
    [message("first event", "1"), message("second event")],
  ],
  ["data without a value", "data\n\ndata\ndata\n\ndata:", [message(""), message("\n")]],
  [
    "a space behind the colon, but no second one",
    "data:test\n\ndata: test\n\ndata:  test\n\n",
    [message("test"), message("test"), message(" test")],
  ],
  [
    "names of events, which hold for one",
    "event: record\ndata: 1\n\ndata: 2\n\n",
    [{ type: "record", data: "1", id: "" }, message("2")],
  ],
  ["no data is no event", "event: ping\nid: 7\n\ndata: x\n\n", [message("x", "7")]],
  ["an id with NUL is none", "id: 1\nid: 2\0\ndata: x\n\n", [message("x", "1")]],
  ["unknown fields and retry", "retry: 100\nfoo: bar\nDATA: x\ndata: y\n\n", [message("y")]],
  ["a value with colons", "data: a: b:c\n\n", [message("a: b:c")]],
  ["a byte order mark, once", "\uFEFFdata: x\n\ndata: \uFEFFy\n\n", [message("x"), message("\uFEFFy")]],
  [
    "a second byte order mark is part of a field's name",
    "\uFEFF\uFEFFdata: x\n\ndata: y\n\n",
    [message("y")],
  ],
];

for (const [name, stream, events] of cases) {
  test(name, () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = stream.replaceAll("\n", end);
      assert.deepEqual(parse(text), events, JSON.stringify(end));
      assert.deepEqual(parse(...text.split("")), events, `${JSON.stringify(end)}, one by one`);
    }
  });
}

test("an event that ends with CR does not wait for what comes behind it", () => {
  assert.deepEqual(parse("data: x\r\r"), [message("x")]);
  assert.deepEqual(parse("data: x\r", "\n", "", "\r", "\ndata: y\r\r"), [message("x"), message("y")]);
});

test("nothing is kept past the limit", () => {
  const create = (): EventStreamParser => new EventStreamParser(() => {}, 10);
  assert.equal(create().receive("data: 7890"), true);
  assert.equal(create().receive("data: 78901"), false);
  const inLines = create();
  assert.equal(inLines.receive("data: 123\ndata: 456\n"), true);
  assert.equal(inLines.receive("data: 789\n"), false);
  const separate = create();
  for (let i = 0; i < 10; i++) assert.equal(separate.receive("data: 123\n\n"), true);
});

test("what the server encodes is what comes out, however it is cut", (context) => {
  const texts = fc.array(
    fc.string({ unit: fc.constantFrom("a", " ", ":", "\n", "\r", "é", "😀", "\uFEFF") }),
  );
  checkProperty(
    context,
    fc.property(texts, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (list, sizes) => {
      let stream = encodeEvent("session", { ack: 0 });
      for (const [index, text] of list.entries()) stream += `id: ${index + 1}\n${encodeTextEvent(text)}`;
      const events: StreamEvent[] = [];
      const parser = new EventStreamParser((event) => events.push(event), Infinity);
      for (let at = 0; at < stream.length;) {
        const size = sizes.next().value as number;
        parser.receive(stream.slice(at, at + size));
        at += size;
      }
      assert.deepEqual(events, [
        { type: "session", data: '{"ack":0}', id: "" },
        ...list.map((text, index) =>
          text.includes("\r")
            ? { type: "record", data: JSON.stringify(text), id: String(index + 1) }
            : message(text, String(index + 1)),
        ),
      ]);
    }),
  );
});
