import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { changeSettings, defaultSettings, settingRanges } from "../../../examples/transport-lab/settings.ts";

suite("settings of the transport lab", () => {
  test("change by name, and the others stay", () => {
    const changed = changeSettings(defaultSettings, '{"clients":100,"ticksPerSecond":0.5}');
    assert.deepEqual(changed, { ...defaultSettings, clients: 100, ticksPerSecond: 0.5 });
  });

  test("stay within their ranges", () => {
    const { clients, payloadBytes } = changeSettings(defaultSettings, '{"clients":1e9,"payloadBytes":-1}');
    assert.equal(clients, settingRanges.clients.max);
    assert.equal(payloadBytes, settingRanges.payloadBytes.min);
  });

  test("are whole where there are no halves", () => {
    assert.equal(changeSettings(defaultSettings, '{"clients":2.6}').clients, 3);
  });

  for (const text of [
    "",
    "null",
    "[]",
    "7",
    '{"clients":"5"}',
    '{"clients":null}',
    '{"speed":1}',
    '{"toString":1}',
  ]) {
    test(`stay as they are for ${JSON.stringify(text)}`, () => {
      assert.deepEqual(changeSettings(defaultSettings, text), defaultSettings);
    });
  }
});
