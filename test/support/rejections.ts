import type { TestContext } from "node:test";

/** The rejections that nobody handles until the test is over, as text: outside of a test each would end the process. */
export function watchRejections(context: TestContext): readonly string[] {
  const unhandled: string[] = [];
  const listener = (error: unknown): void => void unhandled.push(String(error));
  process.on("unhandledRejection", listener);
  context.after(() => process.off("unhandledRejection", listener));
  return unhandled;
}
