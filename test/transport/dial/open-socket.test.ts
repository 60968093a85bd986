import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { createServer } from "node:tls";
import { connect } from "../../../src/index.ts";
import { reasonOf } from "../../../src/transport/dial/open-socket.ts";
import { certificate } from "../../support/certificate.ts";

test("TLS asks for the server by name, and for HTTP/1.1", async (context) => {
  const seen: unknown[] = [];
  const server = createServer({ ...certificate, ALPNProtocols: ["h2", "http/1.1"] }, (socket: TLSSocket) => {
    seen.push(socket.servername, socket.alpnProtocol);
    socket.on("error", () => {});
    socket.end();
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(connect(`wss://localhost:${port}/`, { tls: { ca: certificate.cert } }), {
    code: "HANDSHAKE_FAILED",
    message: /: the connection was closed before the answer was complete$/,
  });
  assert.deepEqual(seen, ["localhost", "http/1.1"]);
});

test("an error of several addresses says what each of them had", () => {
  const refused = new AggregateError([
    new Error("connect ECONNREFUSED ::1:1"),
    new Error("connect ECONNREFUSED 127.0.0.1:1"),
  ]);
  assert.equal(reasonOf(refused), "connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1");
  assert.equal(reasonOf("text"), "text");
});
