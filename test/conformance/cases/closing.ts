/** Group 7: closing (RFC 6455 §5.5.1, §7). */
import type { Case, Ending, Step } from "../runner/case.ts";
import { close, fragments, gotText, ping, pong, receive, refused, send, sendCut, text, hex } from "../runner/case.ts"; // prettier-ignore

const section = "6455 §5.5.1";
const [one, two] = fragments(1, ["fragment1", "fragment2"]) as [
  ReturnType<typeof text>,
  ReturnType<typeof text>,
];

function closing(id: string, title: string, end: Ending, ...steps: readonly Step[]): Case {
  return { id, title, section, steps, end };
}

/** Close frames with these codes, and what they have to lead to; `expected` undefined is an echo. */
function codes(
  group: string,
  sent: readonly number[],
  more: Partial<Case>,
  expected?: number,
): readonly Case[] {
  return sent.map((code, index) => {
    const title = `the code ${code} is ${expected === undefined ? "echoed" : "refused"}`;
    const item = closing(`${group}.${index + 1}`, title, refused(expected ?? code), send(close(code)));
    return Object.assign(item, more);
  });
}

/** Codes that a close frame may carry (RFC 6455 §7.4.1, §7.4.2). */
const validCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
/** Codes that no close frame may carry. */
const invalidCodes = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
const withoutMeaning = "the RFC gives codes from 5000 on no meaning, and does not say what to do with them";

export const closingCases: readonly Case[] = [
  closing("7.1.1", "a message, then close", refused(1000), send(text("Hello"), close(1000)), receive(gotText("Hello"))), // prettier-ignore
  closing("7.1.2", "two close frames: one answer", refused(1000), send(close(1000), close(1000))),
  closing(
    "7.1.3",
    "a ping behind the close frame is not answered",
    refused(1000),
    send(close(1000), ping("late")),
  ),
  closing("7.1.4", "a message behind the close frame is not answered", refused(1000), send(close(1000), text("late"))), // prettier-ignore
  closing("7.1.5", "a fragment, close, the other fragment", refused(1000), send(one, close(1000), two)),
  {
    id: "7.1.6",
    title: "256 KiB of text, a message, close and a ping in one segment",
    section,
    steps: () => [send(text("x".repeat(256 * 1024)), text("Hello"), close(1000), ping())],
    end: { codes: [1000], mayAnswer: true },
  },
  closing("7.3.1", "an empty close frame", refused(1005, 1000), send(close())),
  closing("7.3.2", "a close frame of one byte", refused(1002), send({ opcode: 8, payload: "a" })),
  closing("7.3.3", "a close frame with a code and no reason", refused(1000), send(close(1000))),
  closing("7.3.4", "a close frame with code and reason", refused(1000), send(close(1000, "Hello"))),
  closing("7.3.5", "a reason of 123 bytes", refused(1000), send(close(1000, "*".repeat(123)))),
  closing("7.3.6", "a close frame of 126 bytes", refused(1002), send(close(1000, "*".repeat(124)))),
  {
    ...closing("7.5.1", "a reason that is not UTF-8", refused(1007), send(close(1000, hex("cebae1bdb9cf83cebcceb5eda080656469746564")))), // prettier-ignore
    section: "6455 §8.1",
  },
  ...codes("7.7", validCodes, {}),
  ...codes("7.9", invalidCodes, { section: "6455 §7.4" }, 1002),
  ...codes("7.13", [5000, 65_535], { section: "6455 §7.4.2", open: withoutMeaning }, 1002),
  // Ours.
  // Registered after the RFC.
  ...codes("7.a", [1012, 1013, 1014], { section: "6455 §7.4.2" }),
  ...codes("7.b", [1, 1015, 1999], { section: "6455 §7.4" }, 1002),
  closing("7.c.1", "an empty close frame byte by byte", refused(1005, 1000), sendCut("bytes", close())),
  closing("7.c.2", "a close frame with a reason byte by byte", refused(3001), sendCut("bytes", close(3001, "längs"))), // prettier-ignore
  closing("7.c.3", "a reason cut inside a character", refused(1007), send(close(1000, hex("e282")))),
  closing("7.c.4", "a reason with a surrogate", refused(1007), send(close(1000, hex("eda080")))),
  closing("7.c.5", "a reason of an overlong form", refused(1007), send(close(1000, hex("c0af")))),
  closing("7.c.6", "a wrong code and a reason that is not UTF-8", refused(1002, 1007), send(close(1005, hex("ff")))), // prettier-ignore
  closing("7.c.7", "a broken rule behind the close frame changes nothing", refused(1000), send(close(1000), { opcode: 3 })), // prettier-ignore
  closing("7.c.8", "a pong and close", refused(1001), send(pong(), close(1001))),
  closing("7.c.9", "what comes behind a broken rule is not answered", refused(1002), send({ opcode: 3 }, ping("late"), close(1000))), // prettier-ignore
  ...[0x0f, 0x10, 0x13].map(
    (byte, index) =>
    closing(`7.c.${index + 10}`, "one byte that would begin a valid code", refused(1002), send({ opcode: 8, payload: Uint8Array.of(byte) })), // prettier-ignore
  ),
];
