import { after, before } from "node:test";
import { RunningProcess } from "./process.ts";

/** Starts the chat as `npm run chat` does. The process ends by `endChat`. */
export async function startChat(
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly url: string; readonly chat: RunningProcess }> {
  const chat = new RunningProcess(process.execPath, ["--import", "tsx", "examples/chat/main.ts"], {
    PORT: "0",
    HOST: "localhost",
    ...env,
  });
  const [, url = ""] = await chat.waitFor(/The chat is open: (http:\S+[^.])\. /);
  return { url, chat };
}

/** Ends it as Ctrl+C does: the connections are closed in order. */
export async function endChat(chat: RunningProcess): Promise<void> {
  chat.kill("SIGINT");
  await chat.end();
}

/** The chat for all tests of a suite: started before the first, ended behind the last. */
export function chatOfSuite(): { readonly url: string } {
  const place = { url: "" };
  let chat: RunningProcess;
  before(async () => {
    ({ url: place.url, chat } = await startChat());
  });
  after(() => endChat(chat));
  return place;
}
