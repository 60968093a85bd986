/** Group 5: messages in fragments, and control frames between these (RFC 6455 §5.4). */
import type { Case, Chop, Item, Step } from "../runner/case.ts";
import { binary, close, continuation, fragments, gotBinary, gotPong, gotText, ping, pong, receive, refused, send, sendCut, text } from "../runner/case.ts"; // prettier-ignore

const section = "6455 §5.4";
const [one, two] = fragments(1, ["fragment1", "fragment2"]) as [Item, Item];
const whole = gotText("fragment1fragment2");

function right(id: string, title: string, ...steps: readonly Step[]): Case {
  return { id, title, section, steps, end: "clean" };
}

function wrong(id: string, title: string, ...steps: readonly Step[]): Case {
  return { id, title, section, steps, end: refused(1002) };
}

/** Fragments and pings by turns: each ping is answered at its place, before the message. */
function mixed(id: string, chop: Extract<Chop, string>): Case {
  const parts = fragments(1, ["fragment1", "fragment2", "fragment3", "fragment4", "fragment5"]);
  const items = parts.flatMap((part, index) =>
    index === 1 || index === 3 ? [part, ping(`ping ${index}`)] : [part],
  );
  return right(
    id,
    `five fragments with two pings between them (${chop})`,
    sendCut(chop, ...items),
    receive(gotPong("ping 1"), gotPong("ping 3"), gotText("fragment1fragment2fragment3fragment4fragment5")),
  );
}

const noStart = (fin: boolean): Item => continuation("no start", { fin });

export const fragmentationCases: readonly Case[] = [
  wrong("5.1", "a ping in two fragments", send(ping("a", { fin: false }), continuation("b"))),
  wrong("5.2", "a pong in two fragments", send(pong("a", { fin: false }), continuation("b"))),
  right("5.3", "text in two fragments, in one segment", send(one, two), receive(whole)),
  right("5.4", "text in two fragments, frame by frame", sendCut("frames", one, two), receive(whole)),
  right("5.5", "text in two fragments, byte by byte", sendCut("bytes", one, two), receive(whole)),
  right("5.6", "a ping between two fragments", send(one, ping("p"), two), receive(gotPong("p"), whole)),
  right(
    "5.7",
    "a ping between two fragments, frame by frame",
    sendCut("frames", one, ping("p"), two),
    receive(gotPong("p"), whole),
  ),
  right(
    "5.8",
    "a ping between two fragments, byte by byte",
    sendCut("bytes", one, ping("p"), two),
    receive(gotPong("p"), whole),
  ),
  wrong("5.9", "a last continuation with nothing to continue, then text", send(noStart(true), text("x"))),
  wrong("5.10", "the same, frame by frame", sendCut("frames", noStart(true), text("x"))),
  wrong("5.11", "the same, byte by byte", sendCut("bytes", noStart(true))),
  wrong("5.12", "a continuation with nothing to continue, then text", send(noStart(false), text("x"))),
  wrong("5.13", "the same, frame by frame", sendCut("frames", noStart(false), text("x"))),
  wrong("5.14", "the same, byte by byte", sendCut("bytes", noStart(false))),
  wrong(
    "5.15",
    "a message in two fragments, then a continuation with nothing to continue",
    send(one, two, noStart(false), text("x")),
    receive(whole),
  ),
  wrong("5.16", "first a continuation, twice", send(noStart(false), one, two, noStart(false))),
  wrong("5.17", "first a last continuation, twice", send(noStart(true), one, two, noStart(true))),
  wrong("5.18", "a new message between two fragments", send(one, text("another"))),
  mixed("5.19", "frames"),
  mixed("5.20", "whole"),
  // Ours.
  mixed("5.a.1", "bytes"),
  wrong("5.a.2", "a binary message between two fragments of text", send(one, binary("another"))),
  wrong("5.a.3", "a fragmented message inside a fragmented message", send(one, one)),
  wrong("5.a.4", "a close frame in two fragments", send({ opcode: 8, fin: false }, continuation(""))),
  right(
    "5.a.5",
    "empty fragments before, between and behind",
    send(...fragments(2, ["", "a", "", "b", ""])),
    receive(gotBinary("ab")),
  ),
  right("5.a.6", "a message of nothing but empty fragments", send(...fragments(1, ["", "", ""])), receive(gotText(""))), // prettier-ignore
  right(
    "5.a.7",
    "a hundred fragments, and a ping and a pong in each gap",
    send(
      ...fragments(
        2,
        Array.from({ length: 100 }, (_, index) => Uint8Array.of(index)),
      ).flatMap((part) => [part, pong("p")]),
    ),
    receive(gotBinary(Uint8Array.from({ length: 100 }, (_, index) => index))),
  ),
  {
    id: "5.a.8",
    title: "a close frame between two fragments is answered; the message is lost",
    section: "6455 §5.4",
    steps: [send(one, close(1001), two)],
    end: refused(1001),
  },
  right(
    "5.a.9",
    "messages of both kinds in turns, fragmented and not",
    send(
      ...fragments(1, ["é", "ü"]),
      binary("b"),
      ...fragments(2, [Uint8Array.of(0xc3), Uint8Array.of(0x28)]),
      text("t"),
    ),
    receive(gotText("éü"), gotBinary("b"), gotBinary(Uint8Array.of(0xc3, 0x28)), gotText("t")),
  ),
];
