/** Our client goes through a proxy that somebody else wrote. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { connect } from "../../src/index.ts";
import { certificate, trust } from "../support/certificate.ts";
import { runEcho } from "../support/echo-server.ts";
import { temporaryFiles } from "../support/files.ts";
import { RunningProcess } from "../support/process.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test(
  "tinyproxy tunnels for who has the password, and refuses others",
  { skip: skipReason("tinyproxy") },
  async (context) => {
    const secured = await runEcho(context, {}, { tls: certificate });
    const plain = await runEcho(context);
    const port = await freePort();
    const ports = [secured.server.port, plain.server.port].map((each) => `ConnectPort ${each}\n`).join("");
    const configuration = `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\nLogLevel Info\nBasicAuth me secret\n${ports}`;
    const root = temporaryFiles({ "tinyproxy.conf": configuration });
    const proxy = new RunningProcess("/usr/bin/tinyproxy", ["-d", "-c", join(root, "tinyproxy.conf")]);
    context.after(async () => {
      proxy.kill("SIGKILL");
      await proxy.end();
    });
    await proxy.waitFor(/Accepting connections/);
    for (const { url } of [secured, plain]) {
      const socket = await connect(url, { tls: trust, proxy: `http://me:secret@127.0.0.1:${port}` });
      socket.send("through the tunnel");
      const { value } = await socket[Symbol.asyncIterator]().next();
      assert.equal(value, "through the tunnel");
      socket.close(3000);
      assert.equal((await socket.closed).code, 3000);
      await assert.rejects(connect(url, { proxy: `http://127.0.0.1:${port}` }), {
        code: "PROXY_FAILED",
        status: 407,
        message: /407 Proxy Authentication Required\n/,
      });
    }
    await assert.rejects(connect("ws://127.0.0.1:1/", { proxy: `http://me:secret@127.0.0.1:${port}` }), {
      code: "PROXY_FAILED",
      status: 403,
    });
  },
);
