/** Group 4: opcodes without a meaning (RFC 6455 §5.2). */
import type { Case, SentFrame } from "../runner/case.ts";
import { fragments, gotText, ping, receive, refused, send, sendCut, text } from "../runner/case.ts";

const section = "6455 §5.2";

/** Five ways of sending an opcode; the fourth and fifth behind a message, in other segments. */
function withOpcode(group: string, opcode: number, index: number): Case {
  const frame: SentFrame = index === 0 ? { opcode } : { opcode, payload: "reserved" };
  const common = { id: `${group}.${index + 1}`, section, end: refused(1002) };
  const title = `opcode ${opcode}${index === 0 ? " without payload" : ""}`;
  if (index < 2) return { ...common, title, steps: [send(frame)] };
  const cut = (["whole", "frames", "bytes"] as const)[index - 2] ?? "whole";
  return {
    ...common,
    title: `${title} between a message and a ping (${cut})`,
    steps: [
      sendCut(cut, text("right"), frame, ...(cut === "bytes" ? [] : [ping()])),
      receive(gotText("right")),
    ],
  };
}

const reservedData = [3, 4, 5, 6, 7];
const reservedControls = [11, 12, 13, 14, 15];

export const opcodeCases: readonly Case[] = [
  ...reservedData.map((opcode, index) => withOpcode("4.1", opcode, index)),
  ...reservedControls.map((opcode, index) => withOpcode("4.2", opcode, index)),
  ...[...reservedData, ...reservedControls].map((opcode): Case => ({
    id: `4.a.${opcode}`,
    title: `opcode ${opcode} between two fragments`,
    section,
    steps: [send(...fragments(1, ["a", "b"]).slice(0, 1), { opcode })],
    end: refused(1002),
  })),
];
