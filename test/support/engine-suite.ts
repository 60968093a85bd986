import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Engine, Subscriber } from "../../src/hub/engine.ts";
import { checkProperty } from "./property.ts";

/** A subscriber that keeps what it gets, and does something when it gets it. */
export class Reader implements Subscriber<string> {
  channels: Set<string> | undefined;
  readonly messages: string[] = [];
  #act: (message: string) => void;

  constructor(act: (message: string) => void = () => {}) {
    this.#act = act;
  }

  receivePublication(message: string): void {
    this.messages.push(message);
    this.#act(message);
  }
}

/**
 * What every engine has to keep to. `create` makes one that is ready; `settle` resolves when what was published before
 * has arrived everywhere.
 */
export function testEngine(
  name: string,
  create: () => Engine<string>,
  settle: () => Promise<void> = () => Promise.resolve(),
): void {
  test(`${name}: a message goes to all subscribers of its channel, and to nobody else`, async () => {
    const engine = create();
    const [one, two, other] = [new Reader(), new Reader(), new Reader()];
    engine.subscribe("a", one);
    engine.subscribe("a", two);
    engine.subscribe("b", other);
    engine.publish("a", "1");
    engine.publish("b", "2");
    engine.publish("c", "nobody is there");
    await settle();
    assert.deepEqual([one.messages, two.messages, other.messages], [["1"], ["1"], ["2"]]);
  });

  test(`${name}: the exception does not get it, whether it subscribes or not`, async () => {
    const engine = create();
    const [one, two, stranger] = [new Reader(), new Reader(), new Reader()];
    engine.subscribe("a", one);
    engine.subscribe("a", two);
    engine.publish("a", "1", one);
    engine.publish("a", "2", stranger);
    await settle();
    assert.deepEqual([one.messages, two.messages, stranger.messages], [["2"], ["1", "2"], []]);
  });

  test(`${name}: to subscribe again does nothing, nor to unsubscribe what is not subscribed`, async () => {
    const engine = create();
    const [one, two] = [new Reader(), new Reader()];
    engine.unsubscribe("a", one);
    engine.unsubscribeAll(one);
    engine.subscribe("a", one);
    engine.subscribe("a", one);
    engine.subscribe("a", two);
    engine.publish("a", "1");
    await settle();
    assert.deepEqual(one.messages, ["1"]);
    engine.unsubscribe("b", one);
    engine.unsubscribe("a", one);
    engine.unsubscribe("a", one);
    engine.publish("a", "2");
    await settle();
    assert.deepEqual([one.messages, two.messages], [["1"], ["1", "2"]]);
    // And back again.
    engine.subscribe("a", one);
    engine.publish("a", "3");
    await settle();
    assert.deepEqual([one.messages, two.messages], [["1", "3"], ["1", "2", "3"]]); // prettier-ignore
  });

  test(`${name}: unsubscribeAll takes one out of all channels, and leaves the others`, async () => {
    const engine = create();
    const [one, two] = [new Reader(), new Reader()];
    for (const channel of ["a", "b", "c"]) for (const each of [one, two]) engine.subscribe(channel, each);
    engine.unsubscribe("b", one);
    engine.unsubscribeAll(one);
    engine.unsubscribeAll(one);
    for (const channel of ["a", "b", "c"]) engine.publish(channel, channel);
    await settle();
    assert.deepEqual([one.messages, two.messages], [[], ["a", "b", "c"]]);
    engine.subscribe("b", one);
    engine.publish("b", "again");
    await settle();
    assert.deepEqual(one.messages, ["again"]);
  });

  test(`${name}: a subscriber's channels are those it subscribes to`, () => {
    const engine = create();
    const one = new Reader();
    const channels = (): string[] => [...(one.channels ?? [])];
    engine.subscribe("a", one);
    engine.subscribe("b", one);
    engine.subscribe("a", one);
    assert.deepEqual(channels(), ["a", "b"]);
    engine.unsubscribe("a", one);
    engine.unsubscribe("x", one);
    assert.deepEqual(channels(), ["b"]);
    engine.unsubscribeAll(one);
    assert.deepEqual(channels(), []);
  });

  test(`${name}: messages arrive in the order in which they were published`, async () => {
    const engine = create();
    const [both, one] = [new Reader(), new Reader()];
    engine.subscribe("a", both);
    engine.subscribe("b", both);
    engine.subscribe("a", one);
    const published = Array.from({ length: 100 }, (_, index) => String(index));
    for (const [index, message] of published.entries()) engine.publish(index % 3 === 0 ? "b" : "a", message);
    await settle();
    assert.deepEqual(both.messages, published);
    assert.deepEqual(one.messages, published.filter((_, index) => index % 3 !== 0)); // prettier-ignore
  });

  test(`${name}: what was published before somebody subscribed does not come to him`, async () => {
    const engine = create();
    const [one, late] = [new Reader(), new Reader()];
    engine.subscribe("a", one);
    engine.publish("a", "before");
    engine.subscribe("a", late);
    engine.publish("a", "after");
    await settle();
    assert.deepEqual([one.messages, late.messages], [["before", "after"], ["after"]]);
  });

  test(`${name}: a subscriber may leave while it receives, or have others leave`, async () => {
    const engine = create();
    const third = new Reader();
    const first: Reader = new Reader(() => engine.unsubscribeAll(first));
    const second: Reader = new Reader(() => {
      engine.unsubscribe("a", second);
      engine.unsubscribe("a", third);
    });
    const fourth = new Reader();
    for (const each of [first, second, third, fourth]) engine.subscribe("a", each);
    engine.publish("a", "1");
    engine.publish("a", "2");
    await settle();
    assert.deepEqual([first.messages, second.messages, third.messages, fourth.messages], [["1"], ["1"], [], ["1", "2"]]); // prettier-ignore
  });

  test(`${name}: who subscribes while a message is delivered does not get it`, async () => {
    const engine = create();
    const late = new Reader();
    engine.subscribe("a", new Reader(() => engine.subscribe("a", late)));
    engine.publish("a", "1");
    await settle();
    assert.deepEqual(late.messages, []);
  });

  test(`${name}: who leaves and comes back while a message is delivered gets it once`, async () => {
    const engine = create();
    // Bounded, so that it fails instead of going on for ever.
    let turns = 0;
    const back: Reader = new Reader(() => {
      if (turns++ > 5) return;
      engine.unsubscribe("a", back);
      engine.subscribe("a", back);
    });
    engine.subscribe("a", back);
    engine.subscribe("a", new Reader());
    engine.publish("a", "1");
    await settle();
    assert.deepEqual(back.messages, ["1"]);
  });

  test(`${name}: who publishes while it receives changes nobody's order`, async () => {
    const engine = create();
    const [first, second] = [new Reader((message) => void (message === "1" && engine.publish("a", "2"))), new Reader()]; // prettier-ignore
    engine.subscribe("a", first);
    engine.subscribe("a", second);
    engine.publish("a", "1");
    await settle();
    assert.deepEqual([first.messages, second.messages], [["1", "2"], ["1", "2"]]); // prettier-ignore
  });

  test(`${name}: any text is the name of a channel`, async () => {
    const engine = create();
    const names = ["__proto__", "constructor", "toString", " ", "郑", "a:b/c", "*", "a.*", "\0", "A", "a"];
    const readers = names.map((channel) => {
      const reader = new Reader();
      engine.subscribe(channel, reader);
      return reader;
    });
    for (const channel of names) engine.publish(channel, channel);
    await settle();
    assert.deepEqual(readers.map(({ messages }) => messages), names.map((channel) => [channel])); // prettier-ignore
  });

  test(`${name}: whoever comes and goes, a message goes to those who are there, once`, async (context) => {
    const action = fc.record({
      kind: fc.constantFrom("subscribe", "subscribe", "unsubscribe", "unsubscribeAll", "publish", "publishExcept"),
      channel: fc.constantFrom("a", "b", "c"),
      who: fc.nat(3),
    }); // prettier-ignore
    const expectations: (() => void)[] = [];
    checkProperty(
      context,
      fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
        const engine = create();
        const readers = Array.from({ length: 4 }, () => new Reader());
        const expected = readers.map((): string[] => []);
        const there = new Map([["a", new Set<number>()], ["b", new Set<number>()], ["c", new Set<number>()]]); // prettier-ignore
        for (const [index, { kind, channel, who }] of actions.entries()) {
          const reader = readers[who] as Reader;
          const members = there.get(channel) as Set<number>;
          if (kind === "subscribe") {
            engine.subscribe(channel, reader);
            members.add(who);
          } else if (kind === "unsubscribe") {
            engine.unsubscribe(channel, reader);
            members.delete(who);
          } else if (kind === "unsubscribeAll") {
            engine.unsubscribeAll(reader);
            for (const each of there.values()) each.delete(who);
          } else {
            const except = kind === "publishExcept" ? who : undefined;
            engine.publish(channel, String(index), except === undefined ? undefined : reader);
            for (const member of members) if (member !== except) expected[member]?.push(String(index));
          }
        }
        expectations.push(() => assert.deepEqual(readers.map(({ messages }) => messages), expected)); // prettier-ignore
      }),
      100,
    );
    await settle();
    for (const expectation of expectations) expectation();
  });
}
