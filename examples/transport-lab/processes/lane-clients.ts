/** The process of one transport's simulated clients. */
import { Crowd } from "../clients/crowd.ts";
import { defaultSettings } from "../settings.ts";
import type { ClientsCalls } from "./contract.ts";
import { answerCalls } from "./worker.ts";

let crowd: Crowd | undefined;
let { pollIntervalMs } = defaultSettings;

answerCalls<ClientsCalls>({
  start({ transport, origin }) {
    crowd = new Crowd(transport, { origin, pollIntervalMs: () => pollIntervalMs });
  },
  configure(settings) {
    ({ pollIntervalMs } = settings);
    crowd?.setCount(settings.clients);
  },
  sample() {
    return crowd?.read() ?? { open: 0, messages: 0, missed: 0, failures: 0, delays: [] };
  },
});
