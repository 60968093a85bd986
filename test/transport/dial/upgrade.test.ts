import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../../src/index.ts";
import type { Received } from "../../support/fake-server.ts";
import { accepting, fakeServer } from "../../support/fake-server.ts";

const noTakeover = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

test("compression is offered when it is asked for, and what was agreed on is shown", async (context) => {
  const requests: Received[] = [];
  const url = await fakeServer(context, (received) => {
    requests.push(received);
    return accepting(received, { "Sec-WebSocket-Extensions": noTakeover });
  });
  const socket = await connect(url, { compression: true });
  assert.equal(requests[0]?.fields["sec-websocket-extensions"], `${noTakeover}; client_max_window_bits`);
  assert.equal(socket.extensions, noTakeover);
  socket.terminate();
  const custom = await connect(url, { compression: { clientMaxWindowBits: 10 } });
  assert.equal(requests[1]?.fields["sec-websocket-extensions"], `${noTakeover}; client_max_window_bits=10`);
  custom.terminate();
});

test("a server may decline compression", async (context) => {
  const url = await fakeServer(context, (received) => accepting(received));
  const socket = await connect(url, { compression: true });
  assert.equal(socket.extensions, "");
  socket.terminate();
});

for (const [answer, problem] of [
  ["permessage-deflate", /^extension "permessage-deflate" was answered wrongly: /],
  [`${noTakeover}; server_max_window_bits=99`, /^extension "permessage-deflate" was answered wrongly: /],
  [`${noTakeover}, ${noTakeover}`, /^extension "permessage-deflate" was answered more than once$/],
  [`${noTakeover}, mux`, /^extension "mux" was not offered$/],
  ["a b", /^Sec-WebSocket-Extensions is "a b"$/],
] as const) {
  test(`an answer to the offer that is wrong fails the handshake: ${answer}`, async (context) => {
    const url = await fakeServer(context, (received) =>
      accepting(received, { "Sec-WebSocket-Extensions": answer }),
    );
    await assert.rejects(connect(url, { compression: true }), (error) => {
      assert.ok(error instanceof Error && "code" in error && error.code === "HANDSHAKE_FAILED");
      const [sentence = ""] = error.message.split("\n", 1);
      assert.match(sentence.replace(/^.* but /, ""), problem);
      return true;
    });
  });
}
