import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldNameOf } from "../../../src/protocol/http/field-name.ts";

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
