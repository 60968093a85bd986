import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../../src/base/errors.ts";
import { errorTable } from "../../../src/base/errors.ts";
import {
  CloseCode,
  closeReasonBytesMax,
  isSendableCloseCode,
} from "../../../src/protocol/websocket/close-code.ts";

test("of all codes, those may be sent that are registered for the wire or free for use", () => {
  const sendable: string[] = [];
  for (let code = 0; code <= 65_535; code++) {
    if (!isSendableCloseCode(code)) continue;
    if (!isSendableCloseCode(code - 1)) sendable.push(String(code));
    if (!isSendableCloseCode(code + 1)) sendable.push(`to ${code}`);
  }
  // RFC 6455 §7.4.1 and the registry of its §11.7: 1004 is reserved, 1005, 1006 and 1015 are never on the wire.
  assert.deepEqual(sendable, ["1000", "to 1003", "1007", "to 1014", "3000", "to 4999"]);
});

test("what is no code at all may not be sent", () => {
  for (const code of [-1000, 1000.5, 3000.1, Number.NaN, Number.POSITIVE_INFINITY, 65_536 + 1000]) {
    assert.equal(isSendableCloseCode(code), false, String(code));
  }
});

test("the codes that are only reported may not be sent, the others may", () => {
  assert.deepEqual(CloseCode, { normal: 1000, noStatus: 1005, abnormal: 1006, internalError: 1011 });
  assert.equal(isSendableCloseCode(CloseCode.noStatus), false);
  assert.equal(isSendableCloseCode(CloseCode.abnormal), false);
});

test("every close code of the error table may be sent, with its name as the reason", () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const { closeCode } = errorTable[code];
    // 1006 says that nothing was sent.
    if (closeCode !== undefined && closeCode !== 1006) assert.ok(isSendableCloseCode(closeCode), code);
    assert.ok(Buffer.byteLength(code) <= closeReasonBytesMax, code);
  }
});

test("a close reason is a control frame's payload less the code", () => {
  assert.equal(closeReasonBytesMax, 123);
});
