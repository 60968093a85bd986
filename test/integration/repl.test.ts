/** The first of the three pains: a server that cannot be started from an interactive session. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClient } from "../../src/testing/index.ts";
import { RunningProcess } from "../support/process.ts";

async function converse(url: string): Promise<void> {
  const client = await TestClient.connect(`${url}/url`);
  client.send("from the outside");
  assert.equal(await client.nextMessage(), "received from the outside");
  await client.close(1000);
}

for (const load of ['await import("waterspout")', 'require("waterspout")']) {
  test(`a server starts, serves, closes and starts again in a real REPL, by ${load}`, async () => {
    const repl = new RunningProcess(process.execPath, ["-i"], { NODE_NO_READLINE: "1", NO_COLOR: "1" });
    // Like a person, the test waits for the answer to one line before it types the next.
    repl.write(`const { Application, WebSocketHandler } = ${load}; console.log("loaded");\n`);
    await repl.waitFor(/\bloaded\n/);
    repl.write(
      "class Receiver extends WebSocketHandler { onMessage(url) { this.writeMessage('received ' + url); } }\n",
    );
    repl.write('const app = new Application([["/url", Receiver]]);\n');
    repl.write("let server = await app.listen(0); console.log('listening', server.url);\n");
    const [, url = ""] = await repl.waitFor(/listening (http:\S+)/);
    await converse(url);
    // The prompt is back while the server serves.
    repl.write("console.log('the prompt', 6 * 7);\n");
    await repl.waitFor(/the prompt 42/);
    repl.write("const { port } = server; await server.close(); console.log('closed');\n");
    await repl.waitFor(/\bclosed\n/);
    repl.write("server = await app.listen(port); console.log('again', server.url);\n");
    await repl.waitFor(new RegExp(`again ${url}`));
    await converse(url);
    repl.write("await server.close(); process.exit(0);\n");
    assert.equal(await repl.end(), 0);
  });
}
