/** Group 3: the reserved bits, where no extension gives them a meaning (RFC 6455 §5.2). */
import type { Case, SentFrame, Step } from "../runner/case.ts";
import { binary, close, continuation, gotPong, gotText, ping, pong, receive, refused, send, sendCut, text } from "../runner/case.ts"; // prettier-ignore

const section = "6455 §5.2";

function bits(id: string, title: string, steps: readonly Step[]): Case {
  return { id, title, section, steps, end: refused(1002) };
}

const frames: readonly (readonly [name: string, frame: SentFrame])[] = [
  ["text", text("x")],
  ["binary", binary("x")],
  ["ping", ping("x")],
  ["pong", pong("x")],
  ["close", close(1000)],
];

export const reservedBitCases: readonly Case[] = [
  bits("3.1", "RSV 1 on text", [send(text("Hello", { rsv: 1 }))]),
  bits("3.2", "RSV 2 on text behind a right one, and a ping that is not answered any more", [
    send(text("right"), text("wrong", { rsv: 2 }), ping("late")),
    receive(gotText("right")),
  ]),
  bits("3.3", "RSV 3 on text behind a right one, frame by frame", [
    sendCut("frames", text("right"), text("wrong", { rsv: 3 }), ping("late")),
    receive(gotText("right")),
  ]),
  bits("3.4", "RSV 4 on text behind a right one, byte by byte", [
    sendCut("bytes", text("right"), text("wrong", { rsv: 4 })),
    receive(gotText("right")),
  ]),
  bits("3.5", "RSV 5 on binary", [send(binary(Uint8Array.of(0, 255, 254), { rsv: 5 }))]),
  bits("3.6", "RSV 6 on a ping", [send(ping("Hello", { rsv: 6 }))]),
  bits("3.7", "RSV 7 on a close frame", [send({ ...close(1000), rsv: 7 })]),
  // Every value on every kind of frame.
  ...frames.flatMap(([name, frame], kind) =>
    [1, 2, 3, 4, 5, 6, 7].map((rsv) =>
      bits(`3.a.${kind + 1}.${rsv}`, `RSV ${rsv} on ${name}, behind a ping`, [
        send(ping("first"), { ...frame, rsv }),
        receive(gotPong("first")),
      ]),
    ),
  ),
  ...[1, 2, 4, 7].map((rsv) =>
    bits(`3.b.${rsv}`, `RSV ${rsv} on a continuation`, [
      send(text("a", { fin: false }), continuation("b", { rsv })),
    ]),
  ),
];
