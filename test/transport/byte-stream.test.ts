/** What every byte stream keeps to, whatever carries its bytes; over real sockets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openStream } from "../../src/transport/open-stream.ts";
import {
  acceptSocket,
  connectStream,
  fillStream,
  pattern,
  startStream,
  StreamRecorder,
  streamKinds,
  turns,
} from "../support/stream-pair.ts";

for (const kind of streamKinds) {
  test(`${kind}: bytes go both ways`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    assert.equal(stream.isDestroyed, false);
    peer.write("ping");
    await events.until(() => events.received.length === 4);
    stream.write([Buffer.from("po"), Buffer.from("n"), Buffer.from("g")]);
    stream.write([Buffer.from("!")]);
    assert.equal((await peer.read(5)).toString(), "pong!");
    peer.write("again");
    await events.until(() => events.received.length === 9);
    assert.equal(events.received.toString(), "pingagain");
    await events.until(() => stream.pendingBytes === 0);
  });

  test(`${kind}: head is received first, and nothing before the start`, async (context) => {
    const { stream, peer } = await connectStream(context, kind);
    await peer.writeSegment("behind");
    await turns(3);
    const events = new StreamRecorder();
    stream.start(events, Buffer.from("head, "));
    assert.equal(events.received.toString(), "head, ");
    await events.until(() => events.received.length === 12);
    assert.equal(events.received.toString(), "head, behind");
  });

  test(`${kind}: the peer's end is told once, behind its bytes, and what we say afterwards still arrives`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    peer.write("last words");
    peer.end();
    await events.saw("end");
    assert.deepEqual([events.received.toString(), events.happened], ["last words", ["bytes", "end"]]);
    stream.pauseReading();
    stream.resumeReading();
    stream.write([Buffer.from("answer")]);
    assert.equal((await peer.read(6)).toString(), "answer");
    assert.equal(stream.isDestroyed, false);
    stream.end();
    await events.saw("closed");
    assert.deepEqual([await peer.rest(), await peer.ended()], [Buffer.alloc(0), "end"]);
    assert.deepEqual(events.happened, ["bytes", "end", "closed"]);
    assert.equal(stream.isDestroyed, true);
  });

  test(`${kind}: after our end the peer's bytes still come, and nothing of ours`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    stream.write([Buffer.from("last words")]);
    stream.end();
    stream.end();
    stream.write([Buffer.from("too late")]);
    assert.equal((await peer.rest()).toString(), "last words");
    assert.equal(await peer.ended(), "end");
    peer.write("answer");
    await events.until(() => events.received.length === 6);
    assert.equal(stream.isDestroyed, false);
    peer.end();
    await events.saw("closed");
    assert.deepEqual(events.happened, ["bytes", "end", "closed"]);
  });

  test(`${kind}: an end that came before the start is not missed`, async (context) => {
    const { stream, peer } = await connectStream(context, kind);
    peer.write("x");
    peer.end();
    await turns(3);
    const events = new StreamRecorder();
    stream.start(events, new Uint8Array(0));
    await events.saw("end");
    assert.deepEqual(events.happened, ["bytes", "end"]);
  });

  test(`${kind}: what the operating system does not take at once is pending, byte for byte, until it does`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    peer.socket.pause();
    const expected = [fillStream(stream)];
    let pending = stream.pendingBytes;
    assert.ok(pending > 0);
    for (const sizes of [[1], [10, 20, 30], [20_000], [70_000, 5, 16_384]]) {
      const chunks = sizes.map((size) => pattern(size, size));
      stream.write(chunks);
      expected.push(...chunks);
      pending += sizes.reduce((sum, size) => sum + size, 0);
      assert.equal(stream.pendingBytes, pending);
    }
    const seen: number[] = [];
    events.hook = (event) => void (event === "written" && seen.push(stream.pendingBytes));
    peer.socket.resume();
    const all = Buffer.concat(expected);
    assert.ok((await peer.read(all.length)).equals(all), "everything arrived in order");
    await events.until(() => stream.pendingBytes === 0);
    assert.ok(seen.length > 0);
    assert.equal(seen.at(-1), 0);
    assert.deepEqual(seen, seen.toSorted((one, other) => other - one), "it only gets less"); // prettier-ignore
    // From here on writes are done at once again.
    stream.write([Buffer.from("direct")]);
    assert.equal((await peer.read(6)).toString(), "direct");
    await events.until(() => stream.pendingBytes === 0);
  });

  test(`${kind}: what is written while a backlog is sent stands behind it`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    peer.socket.pause();
    const expected = [fillStream(stream)];
    let more = 20;
    events.hook = (event) => {
      if (event !== "written" || more-- <= 0) return;
      const chunk = pattern(more % 2 === 0 ? 3 : 300_000, more);
      stream.write([chunk, chunk]);
      expected.push(chunk, chunk);
    };
    stream.write([Buffer.from("backlog")]);
    expected.push(Buffer.from("backlog"));
    peer.socket.resume();
    await events.until(() => more < 20 && stream.pendingBytes === 0);
    const all = Buffer.concat(expected);
    assert.ok((await peer.read(all.length)).equals(all));
  });

  test(`${kind}: many chunks are one write, in order`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    // More than any operating system takes in one call.
    const chunks = Array.from({ length: 5000 }, (_, index) => pattern(1 + (index % 50), index));
    stream.write(chunks);
    const all = Buffer.concat(chunks);
    assert.ok((await peer.read(all.length)).equals(all));
    await events.until(() => stream.pendingBytes === 0);
  });

  test(`${kind}: several chunks are one write`, async (context) => {
    const { socket, peer } = await acceptSocket(context, kind === "tls");
    const { _handle: handle } = socket as unknown as { _handle: { writev: () => void } };
    const { mock } = context.mock.method(handle, "writev");
    const { stream } = openStream(socket, kind === "adopted");
    context.after(() => stream.destroy());
    stream.start(new StreamRecorder(), new Uint8Array(0));
    stream.write([Buffer.from("a"), Buffer.from("b"), Buffer.from("c")]);
    assert.equal((await peer.read(3)).toString(), "abc");
    assert.equal(mock.callCount(), 1);
  });

  test(`${kind}: end() with much pending sends all of it, and then the end`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    peer.socket.pause();
    const filled = fillStream(stream);
    stream.write([Buffer.from("last words")]);
    stream.end();
    stream.write([Buffer.from("too late")]);
    assert.equal(stream.isDestroyed, false);
    peer.socket.resume();
    const rest = await peer.rest();
    assert.ok(rest.equals(Buffer.concat([filled, Buffer.from("last words")])), `${rest.length} bytes came`);
    assert.equal(await peer.ended(), "end");
    peer.end();
    await events.saw("closed");
    assert.deepEqual(events.happened, ["end", "closed"]);
  });

  test(`${kind}: while paused nothing is received, and everything afterwards`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    stream.pauseReading();
    await peer.writeSegment("one ");
    await turns(5);
    stream.pauseReading();
    await peer.writeSegment("two ");
    peer.end();
    await turns(5);
    assert.deepEqual(events.happened, []);
    stream.resumeReading();
    stream.resumeReading();
    await events.saw("end");
    assert.equal(events.received.toString(), "one two ");
    assert.deepEqual(events.happened, ["bytes", "end"]);
  });

  test(`${kind}: who pauses in the middle of a long read gets no more of it`, async (context) => {
    const { stream, peer, events } = await startStream(context, kind);
    const bytes = pattern(1024 * 1024);
    events.hook = (event) => void (event === "bytes" && stream.pauseReading());
    peer.write(bytes);
    await events.saw("bytes");
    await turns(5);
    assert.equal(events.sizes.length, 1);
    for (let count = 1; events.received.length < bytes.length; count++) {
      stream.resumeReading();
      await events.until(() => events.sizes.length > count);
      assert.equal(events.sizes.length, count + 1);
    }
    assert.ok(events.received.equals(bytes));
  });

  for (const length of [65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000]) {
    test(`${kind}: ${length} bytes that wait to be read come whole, and then the end`, async (context) => {
      const { stream, peer, events } = await startStream(context, kind);
      stream.pauseReading();
      const bytes = pattern(length);
      await peer.writeSegment(bytes);
      stream.resumeReading();
      await events.until(() => events.received.length === length);
      peer.write("!");
      await events.until(() => events.received.length === length + 1);
      assert.ok(events.received.subarray(0, length).equals(bytes));
      stream.pauseReading();
      await peer.writeSegment(bytes);
      peer.end();
      stream.resumeReading();
      await events.saw("end");
      assert.ok(events.received.subarray(length + 1).equals(bytes));
    });
  }

  test(`${kind}: small messages leave at once, and no timeout ends what is quiet`, async (context) => {
    const { socket, stream } = await connectStream(context, kind);
    const setNoDelay = context.mock.method(socket, "setNoDelay");
    // What Node's HTTP server sets for connections that wait for their next request.
    socket.setTimeout(60_000);
    stream.start(new StreamRecorder(), new Uint8Array(0));
    assert.equal(kind === "adopted" || socket.timeout === 0, true);
    assert.equal(kind === "adopted" || setNoDelay.mock.callCount() === 1, true);
  });
}
