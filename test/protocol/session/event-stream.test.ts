import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeEvent,
  encodeRecordEvent,
  encodeTextEvent,
  heartbeatComment,
} from "../../../src/protocol/session/event-stream.ts";
import { decodeRecord } from "../../../src/protocol/session/record.ts";
import { readEventStream } from "../../support/event-stream-reader.ts";
import { checkProperty } from "../../support/property.ts";

test("text goes as it is, a data line for each of its lines", () => {
  assert.equal(
    encodeTextEvent("a text message\nof two lines"),
    "data: a text message\ndata: of two lines\n\n",
  );
  assert.equal(encodeTextEvent(""), "data: \n\n");
  assert.equal(encodeTextEvent(" \n"), "data:  \ndata: \n\n");
  assert.equal(encodeTextEvent("\ud800"), "data: \ufffd\n\n");
});

test("text with a carriage return goes as a record, since a parser would take that for the end of a line", () => {
  assert.equal(
    encodeTextEvent("a\r\nb"),
    String.raw`event: record` + "\n" + String.raw`data: "a\r\nb"` + "\n\n",
  );
});

test("events have a name and JSON, records their line, and a comment is nothing to anybody", () => {
  assert.equal(encodeEvent("close", { code: 1000, reason: "a\nb" }), 'event: close\ndata: {"code":1000,"reason":"a\\nb"}\n\n'); // prettier-ignore
  assert.equal(encodeRecordEvent('{"ping":""}'), 'event: record\ndata: {"ping":""}\n\n');
  assert.deepEqual(readEventStream(heartbeatComment), { events: [], comments: 1 });
});

test("a reader gets each text as it was, wherever it stands in the stream", (context) => {
  // What a reader of the stream could take for something else, and anything.
  const piece = fc.oneof(
    fc.constantFrom(
      "\n",
      "\r",
      "\r\n",
      ":",
      "data: ",
      "id: 7",
      "event: close",
      "\n\n",
      " ",
      "\u2028",
      "\0",
      "\ufeff",
    ),
    fc.string({ unit: "binary" }),
    fc.constantFrom("\ud800", "\udc00"),
  );
  const texts = fc.array(
    fc.array(piece).map((pieces) => pieces.join("")),
    { maxLength: 6 },
  );
  checkProperty(
    context,
    fc.property(texts, (given) => {
      const stream = given.map((text, at) => `id: ${at + 1}\n${encodeTextEvent(text)}${heartbeatComment}`);
      const { events, comments } = readEventStream(stream.join(""));
      assert.equal(comments, given.length);
      assert.deepEqual(
        events.map(({ id, name, data }) => [
          id,
          name === "record" ? decodeRecord(data) : { kind: "text", data },
        ]),
        given.map((text, at) => [`${at + 1}`, { kind: "text", data: text.toWellFormed() }]),
      );
    }),
  );
});
