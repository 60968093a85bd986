/** Request smuggling through Debian's nginx: handlers see as many requests as it forwards, on connections that it keeps. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { Application } from "../../src/index.ts";
import { ExpectedLog } from "../../src/testing/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { nginxWithKeptConnections, startRealProxy } from "../support/real-proxies.ts";
import { Sightings } from "../support/sightings.ts";
import { smugglingCorpus } from "../support/smuggling-corpus.ts";

const next = "GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** Asked on a connection of its own behind each case. */
const mark = "GET /mark HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** A line about a request that this server refused before any handler. */
const refused = /^\S+ (?:400|417) /;

suite("smuggling through nginx", { skip: skipReason("nginx") }, () => {
  for (const buffering of ["on", "off"] as const) {
    test(`request buffering ${buffering}`, async (context) => {
      const sightings = new Sightings(true);
      const log = new ExpectedLog();
      const app = new Application(sightings.allRoutes, { logger: log, allowedHosts: ["*"] });
      let connections = 0;
      const source = createServer({ pauseOnConnect: true, allowHalfOpen: true });
      source.on("connection", () => connections++);
      const server = await app.listen({ source });
      source.listen(0, "127.0.0.1");
      await once(source, "listening");
      context.after(async () => {
        source.close();
        await server.close();
      });
      const logFile = join(temporaryFiles({ "access.log": "" }), "access.log");
      const { port: serverPort } = source.address() as AddressInfo;
      const url = await startRealProxy(context, nginxWithKeptConnections(buffering, logFile), [serverPort]);
      const port = Number(new URL(url).port);
      let forwardedInAll = 0;

      /** Sends bytes until nginx ends the connection, by when it has logged what came on it. */
      const send = async (bytes: string, endsAtOnce: boolean): Promise<void> => {
        const raw = await RawSocket.connect(port);
        raw.write(bytes);
        if (endsAtOnce) raw.end();
        await raw.ended();
        raw.socket.destroy();
      };

      /** What nginx has forwarded since the last call. */
      const takeForwarded = async (): Promise<readonly string[]> => {
        // What clients of before have left on a connection to the server would be the beginning of this one.
        for (let i = 0; i < 2; i++) await send(mark, false);
        const lines = readFileSync(logFile, "latin1").trimEnd().split("\n");
        writeFileSync(logFile, "");
        const forwarded = lines.filter((line) => !line.startsWith("- "));
        assert.equal(forwarded.filter((line) => line.endsWith(" 200 GET /mark HTTP/1.1")).length, 2);
        return forwarded;
      };

      for (const [name, cases] of Object.entries(smugglingCorpus)) {
        for (const each of cases) {
          const isCutShort = each.isCutShort === true;
          await send(isCutShort ? each.bytes : each.bytes + next, isCutShort);
          const forwarded = await takeForwarded();
          const accepted = forwarded.filter((line) => !refused.test(line));
          const seen = sightings.take();
          forwardedInAll += forwarded.length;
          const shown = `${name}: ${each.name}\n${forwarded.join("\n")}\nseen:\n${seen.join("\n")}`;
          assert.equal(seen.length, accepted.length, shown);
        }
      }
      assert.ok(forwardedInAll > 100, `${forwardedInAll} were forwarded`);
      assert.ok(connections < forwardedInAll, `${connections} connections for ${forwardedInAll} requests`);
      context.diagnostic(`${forwardedInAll} requests were forwarded on ${connections} connections`);
    });
  }
});
