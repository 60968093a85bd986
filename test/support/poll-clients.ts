/** Many long-polling clients in a process of their own, for thousand-polls.test.ts. Says what they saw when all are done. */
import type { PollReport } from "./poll-client.ts";
import { PollClient, randomFrom } from "./poll-client.ts";

/** Which clients, as JSON in the first argument. */
export interface PollClientsOptions {
  readonly port: number;
  readonly count: number;
  readonly seed: number;
}

/** How many sessions are being opened at a time. */
const openingMax = 100;

const { port, count, seed } = JSON.parse(process.argv[2] ?? "{}") as PollClientsOptions;
const random = randomFrom(seed);
const clients = Array.from({ length: count }, () => new PollClient(port, randomFrom(random() * 2 ** 31)));

const running: Promise<void>[] = [];
for (const [index, client] of clients.entries()) {
  running.push(client.run());
  // One turn for some of them, so that no listening socket has more waiting than it keeps.
  if (index % openingMax === 0) await new Promise((resolve) => setTimeout(resolve, 20)); // oxlint-disable-line no-promise-executor-return
}
await Promise.all(running);
const reports: readonly PollReport[] = clients.map(({ report }) => report);
process.send?.(reports, () => process.disconnect());
