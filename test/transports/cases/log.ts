import assert from "node:assert/strict";
import { WebSocketHandler } from "../../../src/index.ts";
import { runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";
import { roundTrip } from "../driver.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

export const logCases: readonly BehaviourCase[] = [
  {
    name: "one line is logged when a connection opens and one when it closes, and none in between",
    async run(context, driver) {
      const arena = await runArena(context, driver, Echo);
      const client = await arena.connect({}, "/ws?room=7");
      const opened = await arena.log.expect(arena.opened("/ws?room=7"));
      assert.equal(opened.level, "info");
      // Bytes are those of the payloads, in UTF-8; pings are no messages.
      client.send("é");
      client.send(new Uint8Array(1000));
      assert.equal(await client.nextMessage(), "é");
      await client.nextMessage();
      await roundTrip(client);
      await client.close(1000, "done");
      const closed = await arena.log.expect(arena.closed(1000, "/ws?room=7"));
      assert.equal(closed.level, "info");
      assert.match(closed.text, /, received 2 \(1002 bytes\), sent 2 \(1002 bytes\) "done"$/);
      // The requests of a session are there for whoever asks for debug lines.
      assert.deepEqual(arena.log.lines.filter(({ level }) => level !== "debug"), []); // prettier-ignore
    },
  },
  {
    name: "what a client writes cannot end a log line, colour a terminal or reverse the text",
    async run(context, driver) {
      const arena = await runArena(context, driver, Echo);
      const client = await arena.connect();
      await client.close(4000, "a\r\n200 GET / \u001B[31m\u202E\u2028\u0085z");
      const { text } = await arena.log.expect(arena.closed(4000));
      assert.ok(text.endsWith(String.raw` "a\x0d\x0a200 GET / \x1b[31m\u{202e}\u{2028}\x85z"`), text);
    },
  },
  {
    name: "the log says nothing by which somebody else could take the connection over",
    skips: { websocket: "a socket cannot be taken over by a name" },
    async run(context, driver) {
      const arena = await runArena(context, driver, Echo);
      const client = await arena.connect();
      client.send("x");
      await client.nextMessage();
      await client.close();
      assert.ok("token" in client);
      const secret = client.token.split(".")[1] ?? "";
      assert.ok(secret.length >= 24);
      await arena.log.expect(arena.closed(1005));
      assert.ok(arena.log.lines.every(({ text }) => !text.includes(secret)));
    },
  },
];
