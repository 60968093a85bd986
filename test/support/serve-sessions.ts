import type { TestContext } from "node:test";
import type { Settings } from "../../src/index.ts";
import { route } from "../../src/index.ts";
import { transportKinds } from "../../src/transport/transport.ts";
import type { Recorder } from "./recorder-handler.ts";
import { createRecorder } from "./recorder-handler.ts";
import type { Running } from "./run-application.ts";
import { runApplication } from "./run-application.ts";
import { SessionClient } from "./session-client.ts";

/** A running application whose handler at /ws is reached over all transports. */
export interface ServedSessions extends Running, Omit<Recorder, "Handler"> {
  /** A client whose connections do not outlive the test; `lines` are header fields of its requests. */
  readonly client: (lines?: readonly string[]) => SessionClient;
}

/** Serves a recorder, or `Handler` made from one, until the test is over. */
export async function serveSessions(
  context: TestContext,
  settings: Settings = {},
  extend: (Handler: Recorder["Handler"]) => Recorder["Handler"] = (Handler) => Handler,
): Promise<ServedSessions> {
  const recorder = createRecorder();
  const routes = [route("/ws", extend(recorder.Handler), { transports: transportKinds })];
  const running = await runApplication(context, routes, settings);
  const client = (lines: readonly string[] = []): SessionClient => {
    const made = new SessionClient(running.server, "/ws", lines);
    context.after(() => made.destroy());
    return made;
  };
  return { ...running, ...recorder, client };
}
