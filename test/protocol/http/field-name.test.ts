import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldNameOf } from "../../../src/protocol/http/field-name.ts";
import { isFieldValue } from "../../../src/protocol/http/field-values.ts";

test("names are compared in lower case", () => {
  for (const name of ["ETag", "etag", "ETAG"]) assert.equal(fieldNameOf(name)?.key, "etag");
  // The second time it is remembered.
  assert.equal(fieldNameOf("ETag"), fieldNameOf("ETag"));
});

test("some are of the connection, and not of the message", () => {
  for (const name of [
    "Connection",
    "keep-alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
  ]) {
    assert.equal(fieldNameOf(name)?.isOfConnection, true, name);
  }
  for (const name of ["Content-Type", "Date", "Content-Length"]) {
    assert.equal(fieldNameOf(name)?.isOfConnection, false, name);
  }
});

test("what is no token is no name", () => {
  for (const name of ["", "X Name", "X-Name:", "é", "X-Name\r\n"]) assert.equal(fieldNameOf(name), undefined);
});

test("only so many are remembered, and all are understood", () => {
  for (let index = 0; index < 300; index++) assert.equal(fieldNameOf(`X-${index}`)?.key, `x-${index}`);
  assert.equal(fieldNameOf("X-0"), fieldNameOf("X-0"));
  assert.notEqual(fieldNameOf("X-299"), fieldNameOf("X-299"));
});

test("a value is Latin-1 without control characters", () => {
  for (const value of ["", "a\tb", " !~", "\u0080\u00ff"]) assert.equal(isFieldValue(value), true, value);
  for (const value of ["a\r\nb", "a\nb", "\0", "\u007f", "\u0100", "\u{10d}"])
    assert.equal(isFieldValue(value), false);
});
