/** How every byte stream ends before its time: it is closed once, says nothing more, and nothing throws. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamEvent, StreamPair } from "../support/stream-pair.ts";
import {
  connectStream,
  fillStream,
  pattern,
  startStream,
  StreamRecorder,
  streamKinds,
  turns,
} from "../support/stream-pair.ts";

for (const kind of streamKinds) {
  for (const [during, provoke] of [
    ["bytes", ({ peer }) => peer.write(pattern(300_000))],
    ["end", ({ peer }) => peer.end()],
    ["written", ({ peer }) => void peer.socket.resume()],
    ["closed", ({ stream }) => stream.destroy()],
  ] as readonly (readonly [StreamEvent, (pair: StreamPair) => void])[]) {
    test(`${kind}: destroyed inside of "${during}", it is closed once, and says nothing more`, async (context) => {
      const pair = await startStream(context, kind);
      const { stream, peer, events } = pair;
      peer.socket.pause();
      if (during === "written") fillStream(stream);
      let isDestroyed = false;
      const after: StreamEvent[] = [];
      events.hook = (event) => {
        if (isDestroyed) after.push(event);
        if (event !== during || isDestroyed) return;
        stream.destroy();
        isDestroyed = true;
        assert.equal(stream.isDestroyed, true);
      };
      provoke(pair);
      await events.saw("closed");
      peer.socket.resume();
      await peer.ended();
      await turns(3);
      // "written" is not more than a hint, and may come late from a socket.
      assert.deepEqual(after.filter((event) => event !== "written"), during === "closed" ? [] : ["closed"]); // prettier-ignore
      assert.equal(events.happened.filter((event) => event === "closed").length, 1);
    });
  }

  test(`${kind}: a destroyed stream can be told anything, and does nothing`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    stream.destroy();
    assert.equal(stream.isDestroyed, true);
    stream.destroy();
    stream.write([Buffer.from("too late")]);
    stream.end();
    stream.pauseReading();
    stream.resumeReading();
    await events.saw("closed");
    stream.write([Buffer.from("too late")]);
    stream.end();
    stream.destroy();
    await peer.ended();
    assert.equal(peer.received, 0);
    assert.deepEqual(events.happened, ["closed"]);
  });

  test(`${kind}: a stream that is gone before its start is closed, and says nothing else`, async (context) => {
    for (const isLate of [false, true]) {
      const { stream, peer } = await connectStream(context, kind);
      peer.write("unread");
      stream.destroy();
      if (isLate) await peer.ended();
      const events = new StreamRecorder();
      stream.start(events, Buffer.from("head"));
      await events.saw("closed");
      await turns(3);
      assert.deepEqual(events.happened, ["closed"]);
    }
  });

  test(`${kind}: a peer that resets the connection while much is pending: closed, once`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    // As every owner does; what a reset is besides is told by nobody.
    events.hook = (event) => void (event === "end" && stream.end());
    peer.socket.pause();
    fillStream(stream);
    stream.write([Buffer.from("backlog")]);
    peer.reset();
    await events.saw("closed");
    await turns(3);
    assert.equal(stream.isDestroyed, true);
    assert.equal(events.happened.filter((event) => event === "closed").length, 1);
    stream.write([Buffer.from("too late")]);
  });

  test(`${kind}: a peer that resets an idle connection: closed, once`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    events.hook = (event) => void (event === "end" && stream.end());
    peer.reset();
    await events.saw("closed");
    await turns(3);
    assert.equal(events.happened.filter((event) => event === "closed").length, 1);
  });

  test(`${kind}: a write to a peer that has reset the connection is no exception`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    events.hook = (event) => void (event === "end" && stream.end());
    stream.pauseReading();
    peer.reset();
    await turns(2);
    for (let count = 0; count < 50 && !stream.isDestroyed; count++) {
      stream.write([pattern(100)]);
      stream.write([pattern(100), pattern(100)]);
      await turns(1);
    }
    await events.saw("closed");
    assert.equal(events.happened.filter((event) => event === "closed").length, 1);
  });
}
