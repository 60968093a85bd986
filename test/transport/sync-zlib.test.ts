import assert from "node:assert/strict";
import { test } from "node:test";
import { isSyncZlibUsable, SyncZlib, syncZlib, tryOut } from "../../src/transport/sync-zlib.ts";

test("this Node has what the fast way needs", () => {
  assert.equal(isSyncZlibUsable(), true);
  assert.equal(isSyncZlibUsable(), true);
});

/** An inflater that does one thing wrong. */
function wrongInflater(change: (real: SyncZlib) => Partial<SyncZlib>): boolean {
  const inflater = (): SyncZlib => {
    const real = syncZlib.inflater();
    const wrong = change(real);
    return new Proxy(real, {
      get(target, name) {
        const value: unknown = Reflect.get(Reflect.has(wrong, name) ? wrong : target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return tryOut({ deflater: syncZlib.deflater, inflater });
}

test("the trial run sees each thing that another Node might do differently", () => {
  assert.equal(
    wrongInflater(() => ({})),
    true,
  );
  const wrong: Record<string, (real: SyncZlib) => Partial<SyncZlib>> = {
    "reset does nothing": () => ({ reset() {} }),
    "invalid data is not reported": (real) => ({
      write: (...args) => {
        real.write(...args);
        return true;
      },
    }),
    "everything is invalid": () => ({ write: () => false }),
    "nothing is written": () => ({ write: () => true }),
    "the input is always used up": () => ({ inputLeft: 0 }),
    "the output is always full": () => ({ outputLeft: 0 }),
    "the output is never full": () => ({ outputLeft: 1 }),
    "the two numbers are exchanged": (real) => ({
      get inputLeft() {
        return real.outputLeft;
      },
      get outputLeft() {
        return real.inputLeft;
      },
    }),
    "a method throws": () => ({
      reset() {
        throw new Error("not here");
      },
    }),
  };
  for (const [what, change] of Object.entries(wrong)) assert.equal(wrongInflater(change), false, what);
});

test("the trial run sees a compressor that does not compress or cannot be made", () => {
  const { inflater } = syncZlib;
  assert.equal(tryOut({ inflater, deflater: () => syncZlib.deflater(15, 0, 8) }), false);
  assert.equal(tryOut({ inflater, deflater: () => syncZlib.inflater() }), false);
  const missing = (): SyncZlib => {
    throw new TypeError("a part is missing");
  };
  assert.equal(tryOut({ inflater, deflater: missing }), false);
});

test("a stream with another inside is not used", () => {
  const state = new Uint32Array(2);
  const handle = { writeSync() {}, reset() {}, close() {} };
  const streams = [
    {},
    { _handle: handle },
    { _handle: handle, _writeState: [0, 0] },
    { _writeState: state },
    { _handle: { ...handle, writeSync: undefined }, _writeState: state },
    { _handle: { ...handle, close: 1 }, _writeState: state },
  ];
  for (const stream of streams) {
    assert.throws(() => new SyncZlib(stream), TypeError);
  }
});
