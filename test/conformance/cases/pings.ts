/** Group 2: pings and pongs (RFC 6455 §5.5.2, §5.5.3). */
import type { Case } from "../runner/case.ts";
import { first, gotPong, gotText, ping, pong, receive, refused, rest, send, sendCut, text } from "../runner/case.ts"; // prettier-ignore

const longest = Uint8Array.from({ length: 125 }, (_, index) => 255 - index);
const noText = Uint8Array.of(0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff);
const ten = Array.from({ length: 10 }, (_, index) => `payload-${index}`);
const section = "6455 §5.5.2";
const mayAnswerLast = "RFC 6455 §5.5.3: of several pings only the last may be answered";

export const pingCases: readonly Case[] = [
  { id: "2.1", title: "an empty ping", section, steps: [send(ping()), receive(gotPong())], end: "clean" },
  {
    id: "2.2",
    title: "a ping with text",
    section,
    steps: [send(ping("Hello, world!")), receive(gotPong("Hello, world!"))],
    end: "clean",
  },
  {
    id: "2.3",
    title: "a ping with bytes that are no text",
    section,
    steps: [send(ping(noText)), receive(gotPong(noText))],
    end: "clean",
  },
  {
    id: "2.4",
    title: "a ping of 125 bytes",
    section,
    steps: [send(ping(longest)), receive(gotPong(longest))],
    end: "clean",
  },
  {
    id: "2.5",
    title: "a ping of 126 bytes",
    section: "6455 §5.5",
    steps: [send(ping(new Uint8Array(126).fill(0xfe)))],
    end: refused(1002),
  },
  {
    id: "2.6",
    title: "a ping of 125 bytes, byte by byte",
    section,
    steps: [sendCut("bytes", ping(longest)), receive(gotPong(longest))],
    end: "clean",
  },
  {
    id: "2.7",
    title: "an empty pong that nobody asked for is not answered",
    section: "6455 §5.5.3",
    steps: [send(pong())],
    end: "clean",
  },
  {
    id: "2.8",
    title: "a pong with a payload that nobody asked for is not answered",
    section: "6455 §5.5.3",
    steps: [send(pong("unsolicited"))],
    end: "clean",
  },
  {
    id: "2.9",
    title: "a pong that nobody asked for, then a ping",
    section: "6455 §5.5.3",
    steps: [send(pong("unsolicited")), send(ping("asked")), receive(gotPong("asked"))],
    end: "clean",
  },
  {
    id: "2.10",
    title: "ten pings in one segment, ten pongs in order",
    section,
    steps: [send(...ten.map((payload) => ping(payload))), receive(...ten.map((payload) => gotPong(payload)))],
    end: "clean",
    open: mayAnswerLast,
  },
  {
    id: "2.11",
    title: "ten pings byte by byte, ten pongs in order",
    section,
    steps: [
      sendCut("bytes", ...ten.map((payload) => ping(payload))),
      receive(...ten.map((payload) => gotPong(payload))),
    ],
    end: "clean",
    open: mayAnswerLast,
  },
  {
    id: "2.a.1",
    title: "a ping that waits for its last byte is not answered before",
    section,
    steps: [
      send(text("before")),
      receive(gotText("before")),
      send(first(4, ping("asked"))),
      send(rest(4, ping("asked")), text("behind")),
      receive(gotPong("asked"), gotText("behind")),
    ],
    end: "clean",
  },
  {
    id: "2.a.2",
    title: "a ping of 126 bytes is refused on its first two bytes",
    section: "6455 §5.5",
    steps: [send(Uint8Array.of(0x89, 0xfe))],
    roles: ["server"],
    end: refused(1002),
  },
  {
    id: "2.a.3",
    title: "a pong of 126 bytes",
    section: "6455 §5.5",
    steps: [send(pong(new Uint8Array(126)))],
    end: refused(1002),
  },
];
