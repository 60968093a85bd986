/** One bad request is one line in the log and one answer, in however many pieces its bytes come. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { runApplication } from "../support/run-application.ts";

test("rubbish in fifty pieces behind a request that is being answered is one line and one answer", async (context) => {
  const answering = deferred();
  class Slow extends RequestHandler {
    async get() {
      await answering.promise;
      return "slow";
    }
  }
  const { connectRaw, log } = await runApplication(context, [["/", Slow]]);
  const raw = await connectRaw();
  await raw.writeSegment("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  for (let piece = 0; piece < 50; piece++) await raw.writeSegment(`rubbish ${piece}\r\n`);
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
  answering.resolve();
  assert.equal((await raw.response()).body, "slow");
  assert.equal((await raw.response()).status, 400);
  assert.equal(await raw.ended(), "end");
  // The end of the test judges that there was no second line.
});
