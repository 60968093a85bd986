import type { TestContext } from "node:test";
import { RunningProcess } from "./process.ts";

/** Runs `npm run lab` until the test is over; also says where its page is. */
export async function startLab(context: TestContext, port = 0): Promise<[RunningProcess, string]> {
  const lab = new RunningProcess("npm", ["run", "lab", "--", `${port}`], { HOST: "localhost" });
  context.after(() => lab.kill("SIGKILL"));
  const [, url = ""] = await lab.waitFor(/open (http:\S+) in a browser/);
  return [lab, url];
}
