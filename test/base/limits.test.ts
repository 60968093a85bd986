import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultHttpLimits, defaultWebSocketLimits } from "../../src/base/limits.ts";

// The numbers are written out, as they are in the documents: who changes a default changes a promise.
test("the limits of the HTTP side are the documented ones", () => {
  assert.deepEqual(defaultHttpLimits, {
    maxHeaderBytes: 16_384,
    maxTargetBytes: 8192,
    maxHeaders: 100,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 300_000,
    keepAliveTimeoutMs: 5000,
    bodyTimeoutMs: 30_000,
    maxBodyBytes: 10_485_760,
    maxJsonDepth: 500,
    maxFormFields: 1000,
    maxFormParts: 100,
    maxPartHeaderBytes: 16_384,
    maxFieldBytes: 1_048_576,
    maxFileBytes: 10_485_760,
    responseTimeoutMs: 30_000,
  });
});

test("the limits of WebSocket connections are the documented ones", () => {
  assert.deepEqual(defaultWebSocketLimits, {
    maxMessageBytes: 1_048_576,
    pingIntervalMs: 30_000,
    pingTimeoutMs: 10_000,
    closeTimeoutMs: 5000,
    highWaterMarkBytes: 262_144,
    maxSendQueueBytes: 1_048_576,
    maxQueuedMessages: 64,
    maxQueuedBytes: 1_048_576,
    maxSubscriptions: 1000,
  });
});
