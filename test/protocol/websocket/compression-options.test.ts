import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompressionOptions } from "../../../src/protocol/websocket/compression-options.ts";
import { resolveCompression } from "../../../src/protocol/websocket/compression-options.ts";

const name = "websocket.compression";

test("by default nothing is held for a connection", () => {
  for (const role of ["server", "client"] as const) {
    for (const options of [true, {}, { level: undefined } as unknown as CompressionOptions] as const) {
      assert.deepEqual(resolveCompression(options, role, name), {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
        thresholdBytes: 1024,
        level: 3,
        memLevel: 8,
      });
    }
  }
});

test("where context takeover holds memory for each connection, the defaults are smaller", () => {
  const rows = [
    ["server", { serverNoContextTakeover: false }, [12, 15, 4, 5]],
    ["server", { clientNoContextTakeover: false }, [15, 12, 3, 8]],
    ["client", { serverNoContextTakeover: false }, [12, 15, 3, 8]],
    ["client", { clientNoContextTakeover: false }, [15, 12, 4, 5]],
  ] as const;
  for (const [role, options, expected] of rows) {
    const resolved = resolveCompression(options, role, name);
    const { serverMaxWindowBits, clientMaxWindowBits, level, memLevel } = resolved;
    assert.deepEqual([serverMaxWindowBits, clientMaxWindowBits, level, memLevel], expected);
  }
});

test("what is given is taken, to both ends of each range", () => {
  const given = [
    {
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 9,
      clientMaxWindowBits: 15,
      thresholdBytes: 0,
      level: 1,
      memLevel: 9,
    },
    {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 9,
      thresholdBytes: Number.MAX_SAFE_INTEGER,
      level: 9,
      memLevel: 1,
    },
  ];
  for (const options of given) assert.deepEqual(resolveCompression(options, "server", name), options);
});

test("a wrong option is named, with what it may be and what was got", () => {
  const rows: readonly (readonly [options: unknown, code: string, message: string])[] = [
    [null, "SETTING_INVALID", "websocket.compression must be true, false or an object, got null"],
    ["on", "SETTING_INVALID", 'websocket.compression must be true, false or an object, got "on"'],
    [[], "SETTING_INVALID", "websocket.compression must be true, false or an object, got an array"],
    [
      { windowBits: 9 },
      "SETTING_UNKNOWN",
      "there is no setting websocket.compression.windowBits (there are: serverNoContextTakeover, clientNoContextTakeover, " +
        "serverMaxWindowBits, clientMaxWindowBits, thresholdBytes, level, memLevel)",
    ],
    [
      { serverNoContextTakeover: 1 },
      "SETTING_INVALID",
      "websocket.compression.serverNoContextTakeover must be true or false, got 1",
    ],
    [
      { clientNoContextTakeover: "yes" },
      "SETTING_INVALID",
      'websocket.compression.clientNoContextTakeover must be true or false, got "yes"',
    ],
    [
      { serverMaxWindowBits: 8 },
      "SETTING_INVALID",
      "websocket.compression.serverMaxWindowBits must be a whole number from 9 to 15, got 8",
    ],
    [
      { clientMaxWindowBits: 16 },
      "SETTING_INVALID",
      "websocket.compression.clientMaxWindowBits must be a whole number from 9 to 15, got 16",
    ],
    [
      { thresholdBytes: -1 },
      "SETTING_INVALID",
      "websocket.compression.thresholdBytes must be a whole number from 0, got -1",
    ],
    [
      { level: 1.5 },
      "SETTING_INVALID",
      "websocket.compression.level must be a whole number from 1 to 9, got 1.5",
    ],
    [
      { memLevel: "8" },
      "SETTING_INVALID",
      'websocket.compression.memLevel must be a whole number from 1 to 9, got "8"',
    ],
  ];
  for (const [options, code, says] of rows) {
    assert.throws(
      () => resolveCompression(options as CompressionOptions, "server", name),
      (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.ok(error.message.includes(says), error.message);
        return true;
      },
    );
  }
});
