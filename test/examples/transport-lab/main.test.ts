import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { startLab } from "../../support/transport-lab.ts";

test("the lab takes another port when its own is taken, and says so", async (context) => {
  const taken = createServer().listen(0, "localhost");
  context.after(() => taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const [lab, url] = await startLab(context, port);
  assert.match(lab.output, new RegExp(`port ${port} on localhost is already in use.*: taking another port`));
  assert.notEqual(Number(new URL(url).port), port);
  lab.kill("SIGINT");
  await lab.end();
});
