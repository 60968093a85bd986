/** Request smuggling: the requests that handlers see are those that the bytes contain, whichever way they come. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { RawSocket } from "../support/raw-socket.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";
import type { SmugglingCase } from "../support/smuggling-corpus.ts";
import { smugglingCorpus } from "../support/smuggling-corpus.ts";
import { Sightings } from "../support/sightings.ts";

/** Asked behind each case: whether it is answered says whether the connection was still in order. */
const next = "GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** The bytes that go out for a case. */
const bytesOf = ({ bytes, isCutShort }: SmugglingCase): string =>
  isCutShort === true ? bytes : bytes + next;

/** Everything that comes back. */
async function answersTo(raw: RawSocket, { isCutShort }: SmugglingCase): Promise<readonly number[]> {
  if (isCutShort === true) raw.end();
  const text = (await raw.rest()).toString("latin1");
  raw.socket.destroy();
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

for (const [name, cases] of Object.entries(smugglingCorpus)) {
  suite(`smuggling by ${name}`, () => {
    for (const readsBodies of [true, false]) {
      test(readsBodies ? "handlers that read bodies" : "handlers that do not", async (context) => {
        const sightings = new Sightings(readsBodies);
        const { server, log } = await runApplication(context, sightings.routes);
        for (const each of cases) {
          const raw = await RawSocket.connect(server.port);
          raw.write(bytesOf(each));
          const statuses = await answersTo(raw, each);
          const seen = each.seen.map((line) => sightings.visible(line));
          // Who is not told to send its body might send it all the same: the connection ends (RFC 9110 §10.1.1).
          const isOpen = each.isOpen && (readsBodies || !each.statuses.includes(100));
          const expected = isOpen ? [...seen, "GET /next"] : seen;
          assert.deepEqual(sightings.take(), expected, each.name);
          if (readsBodies)
            assert.deepEqual(statuses, each.isOpen ? [...each.statuses, 200] : each.statuses, each.name);
        }
        await takeWarnings(log);
      });
    }

    test("in segments of every size from one byte", async (context) => {
      const sightings = new Sightings(true);
      const { server, log } = await runApplication(context, sightings.routes);
      for (const [index, each] of cases.entries()) {
        const raw = await RawSocket.connect(server.port);
        const bytes = Buffer.from(bytesOf(each), "latin1");
        const step = bytes.length > 1000 ? 1000 : 1 + (index % 7);
        for (let at = 0; at < bytes.length && !raw.socket.destroyed; at += step)
          await raw.writeSegment(bytes.subarray(at, at + step)).catch(() => {});
        await answersTo(raw, each);
        // Who sends a body that breaks later has asked for something before: that request may be seen, and nothing behind it.
        const expected = each.isOpen ? [...each.seen, "GET /next"] : each.seen;
        const seen = sightings.take();
        const isBegun =
          each.statuses[0] === 400 && seen.length === 1 && /^(?:POST \/post|GET \/get)$/.test(seen[0] ?? "");
        if (!isBegun) assert.deepEqual(seen, expected, each.name);
      }
      await takeWarnings(log);
    });
  });
}
