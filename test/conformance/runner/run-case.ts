import type { RawSocket } from "../../support/raw-socket.ts";
import type { Case, Ending, Expected, Step } from "./case.ts";
import { close } from "./case.ts";
import type { Conversation, Event } from "./conversation.ts";
import { Failure, RefusedHandshake, show } from "./failure.ts";
import { openConversation } from "./opening.ts";
import type { Testee } from "./testee.ts";

/** How a case is run. */
export interface RunOptions {
  /** Milliseconds until a testee that does nothing has failed. */
  readonly timeoutMs: number;
  /** Gives the case up: its outcome does not matter any more. */
  readonly signal?: AbortSignal;
  /** Sends what comes after the point at which a refusal is due: for testees that are known to refuse late. */
  readonly isLate?: boolean;
  /** A refused handshake is as good as a passed case. */
  readonly mayRefuse?: boolean;
  /** What is expected instead of the case's own ending. */
  readonly end?: Ending;
}

/** What a run of a case showed: nothing wrong, or what. */
export interface CaseResult {
  readonly failure: string | undefined;
  /** How many messages came back compressed. */
  readonly compressedMessages: number;
}

export async function runCase(testee: Testee, item: Case, options: RunOptions): Promise<CaseResult> {
  let conversation: Conversation | undefined;
  let end = (): void => {};
  const hold = ({ socket }: RawSocket): void => {
    end = () => socket.destroy();
    if (options.signal?.aborted === true) end();
  };
  const act = async (): Promise<void> => {
    conversation = await openConversation(testee, item, hold);
    const steps = typeof item.steps === "function" ? item.steps() : item.steps;
    await runScript(conversation, testee, steps, options.end ?? item.end, options.isLate === true);
  };
  try {
    await withTimeout(act(), options);
    return { failure: undefined, compressedMessages: conversation?.compressedMessages ?? 0 };
  } catch (error) {
    if (error instanceof RefusedHandshake && options.mayRefuse === true)
      return { failure: undefined, compressedMessages: 0 };
    return { failure: error instanceof Error ? error.message : String(error), compressedMessages: 0 };
  } finally {
    end();
    conversation?.destroy();
  }
}

/** Sends and expects what the steps say, and then the ending. Rejects with what the testee did instead. */
export async function runScript(
  conversation: Conversation,
  testee: Testee,
  steps: readonly Step[],
  end: Ending,
  isLate: boolean,
): Promise<void> {
  for (const step of steps) {
    if ("send" in step) await conversation.send(step.send, step.chop);
    else for (const expected of step.receive) expectEvent(await conversation.next(), expected);
  }
  await expectEnding(conversation, testee, end, isLate);
}

/** Rejects when nothing came of it in time, or it is given up; what comes later is not looked at. */
export async function withTimeout(
  work: Promise<void>,
  { timeoutMs, signal }: Pick<RunOptions, "timeoutMs" | "signal">,
): Promise<void> {
  const { promise: late, reject } = rejection();
  const timer = setTimeout(() => reject(new Failure(`nothing came for ${timeoutMs} ms`)), timeoutMs);
  const giveUp = (): void => reject(new Failure("given up"));
  signal?.addEventListener("abort", giveUp);
  // Whoever loses the race may still reject.
  work.catch(() => {});
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

function rejection(): { readonly promise: Promise<never>; readonly reject: (reason: Error) => void } {
  let settle: (reason: Error) => void = () => {};
  const promise = new Promise<never>((_resolve, reject) => {
    settle = reject;
  });
  return { promise, reject: (reason) => settle(reason) };
}

function expectEvent(event: Event, expected: Expected): void {
  if (event.kind !== expected.kind)
    throw new Failure(`${describeEvent(event)} came, expected ${expected.kind} ${show(expected.payload)}`);
  if (!Buffer.from(expected.payload).equals(event.payload))
    throw new Failure(`${describeEvent(event)} came, expected the payload ${show(expected.payload)}`);
}

async function expectEnding(
  conversation: Conversation,
  testee: Testee,
  ending: Ending,
  isLate: boolean,
): Promise<void> {
  const { codes, mayAnswer, rest } =
    ending === "clean" ? { codes: [1000], mayAnswer: undefined, rest: undefined } : ending;
  if (ending === "clean") await conversation.send([close(1000)], "whole");
  if (isLate && rest !== undefined) await conversation.send(rest, "frames");
  const skipped = mayAnswer === true ? ["text", "binary", "pong"] : [];
  let event = await conversation.next();
  while (skipped.includes(event.kind)) event = await conversation.next();
  const code = event.kind === "close" ? closeCodeOf(event.payload) : undefined;
  if (code === undefined || !codes.includes(code))
    throw new Failure(`${describeEvent(event)} came, expected close ${codes.join(" or ")}`);
  // RFC 6455 §7.1.1: the server ends the stream first.
  if (testee.role === "client") conversation.end();
  const last = await conversation.next();
  if (last.kind !== "end") throw new Failure(`${describeEvent(last)} came after the close frame`);
}

/** The code in the payload of a close frame, 1005 for none; the reason has to be text (RFC 6455 §5.5.1, §8.1). */
function closeCodeOf(payload: Uint8Array): number {
  if (payload.length === 0) return 1005;
  if (payload.length === 1) throw new Failure("a close frame of one byte");
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
  } catch {
    throw new Failure("a close reason that is not UTF-8");
  }
  return Buffer.from(payload).readUInt16BE();
}

function describeEvent(event: Event): string {
  if (event.kind === "end") return "the end of the stream";
  if (event.kind !== "close") return `${event.kind} ${show(event.payload)}`;
  return `close ${closeCodeOf(event.payload)} "${Buffer.from(event.payload.subarray(2)).toString()}"`;
}
