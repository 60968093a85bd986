import { EventEmitter, once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { ByteStreamEvents } from "./byte-stream.ts";
import { after } from "./deadline.ts";
import type { Adopted } from "./handle-stream.ts";
import { adoptSocket, forbidAdoption, learnAdoption, megabyte, megabytesMax } from "./handle-stream.ts";

/** Set to 0, this environment variable turns adoption off for the whole process. */
const forbidVariable = "WATERSPOUT_SHARED_READ_BUFFER";

/** How long the probe may take, in milliseconds; it usually takes some ten. */
const probeTimeoutMs = 2000;

let probing: Promise<string | undefined> | undefined;

/** Finds out, once in a process, whether sockets can be adopted; resolves with the reason if not. */
export function prepareAdoption(): Promise<string | undefined> {
  probing ??= probe().then(
    () => undefined,
    (error: unknown) => {
      forbidAdoption();
      return error instanceof Error ? error.message : String(error);
    },
  );
  return probing;
}

/**
 * Tries on a connection to ourselves all that adoption relies on: reading, a write that is done at once and one that is
 * not, the end in both directions. Rejects, or resolves with a reason, when this runtime behaves otherwise.
 */
async function probe(): Promise<void> {
  if (process.env[forbidVariable] === "0") throw new Error(`the environment has ${forbidVariable}=0`);
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const opened: { destroy(): void }[] = [];
  let fail: (error: Error) => void = () => {};
  const failure = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const deadline = after(probeTimeoutMs, () => fail(new Error("the probe took too long")));
  try {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const dial = async (): Promise<readonly [Socket, Socket]> => {
      const accepted = once(server, "connection");
      const near = connect({
        port: (server.address() as AddressInfo).port,
        host: "127.0.0.1",
        allowHalfOpen: true,
      });
      opened.push(near.on("error", fail));
      const [far] = (await accepted) as [Socket];
      opened.push(far.on("error", fail));
      return [near, far];
    };
    const adopt = async (): Promise<readonly [Socket, Adopted]> => {
      const [near, far] = await dial();
      const adopted = adoptSocket(far);
      assert(adopted !== undefined, "a socket could not be adopted");
      opened.push(adopted.stream);
      return [near, adopted];
    };
    const test = async (): Promise<void> => {
      await learnAdoption(...(await dial()));
      await tryAdoption(...(await adopt()));
      await tryReset(...(await adopt()));
    };
    await Promise.race([test(), failure]);
  } finally {
    deadline.cancel();
    for (const each of opened) each.destroy();
    server.close();
  }
}

async function tryAdoption(near: Socket, { stream, head }: Adopted): Promise<void> {
  const happened = new EventEmitter();
  let received = "";
  const events: ByteStreamEvents = {
    receive(bytes, end) {
      received += Buffer.from(bytes.subarray(0, end)).toString();
      happened.emit("bytes");
    },
    receiveEnd: () => happened.emit("end"),
    receiveWritten: () => happened.emit("written"),
    receiveClosed: () => happened.emit("closed"),
  };
  stream.start(events, head);
  const bytes = once(happened, "bytes");
  near.write("ping");
  await bytes;
  assert(received === "ping", "what was read is not what was sent");
  // Nobody reads at the other end yet: the first of these writes is taken at once, and some later one is not.
  let sent = 0;
  for (let count = 0; count < megabytesMax && stream.pendingBytes === 0; count++) {
    stream.write([megabyte]);
    sent += megabyte.length;
  }
  assert(stream.pendingBytes > 0, "no write ever had to wait");
  const written = once(happened, "written");
  let arrived = 0;
  near.on("data", (chunk: Buffer) => (arrived += chunk.length));
  await written;
  assert(stream.pendingBytes === 0, "what was written is still pending");
  const nearEnd = once(near, "end");
  const farEnd = once(happened, "end");
  stream.end();
  await nearEnd;
  assert(arrived === sent, "not everything that was written arrived");
  const closed = once(happened, "closed");
  near.end();
  await farEnd;
  await closed;
}

/** A connection that breaks is one that ends. */
async function tryReset(near: Socket, { stream, head }: Adopted): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    const events = { receive() {}, receiveEnd: resolve, receiveWritten() {}, receiveClosed() {} };
    stream.start(events, head);
  });
  near.resetAndDestroy();
  await ended;
}

function assert(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) throw new Error(otherwise);
}
