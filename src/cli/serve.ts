import type { Server } from "../index.ts";
import type { ServeRequest } from "./arguments.ts";
import { reportFailure } from "./report-failure.ts";
import { loadApplication } from "./load-application.ts";
import { say } from "./say.ts";

/** 128 and its number is what shells say of a program that a signal ended. */
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** Serves until a signal comes. */
export async function serve({ file, target, options }: ServeRequest): Promise<void> {
  process.env["NODE_ENV"] ??= "production";
  let starting: Promise<Server> | undefined;
  let isStopping = false;
  const tellSilentEnd = (): void => {
    say(`${file} did not start: it ended this process, or waits for what cannot come, while it was loaded`);
    process.exitCode = 1;
  };
  process.once("exit", tellSilentEnd);
  for (const [signal, exitCode] of Object.entries(signals)) {
    process.on(signal, () => {
      // Nothing that could be ended well is there yet, or whoever asks cannot wait.
      if (isStopping || starting === undefined) {
        process.off("exit", tellSilentEnd);
        process.exit(exitCode);
      }
      isStopping = true;
      say(`${signal}: ending what is under way; once more to end at once`);
      void starting.then(stop, () => {});
    });
  }
  try {
    const application = await loadApplication(file).finally(() => process.off("exit", tellSilentEnd));
    starting = application.listen(target, options);
    const { url } = await starting;
    say(`serving ${file} on ${url} (process ${process.pid})`);
  } catch (error) {
    reportFailure(file, error);
  }
}

async function stop(server: Server): Promise<void> {
  await server.close();
  say("stopped");
  process.exit(0);
}
