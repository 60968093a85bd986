import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import type { TransportKind } from "../../src/index.ts";
import { admissionCases } from "./cases/admission.ts";
import { closingCases } from "./cases/closing.ts";
import { failureCases } from "./cases/failure.ts";
import { flowCases } from "./cases/flow.ts";
import { logCases } from "./cases/log.ts";
import { messageCases } from "./cases/messages.ts";
import { orderCases } from "./cases/order.ts";
import { originCases } from "./cases/origins.ts";
import { roomCases } from "./cases/rooms.ts";
import { signalCases } from "./cases/signal.ts";
import { subprotocolCases } from "./cases/subprotocols.ts";
import type { Driver } from "./driver.ts";
import { driverOf } from "./driver.ts";

/** A promise that a handler is given, whatever carries its messages. */
export interface BehaviourCase {
  readonly name: string;
  /** Why it cannot hold over a transport. */
  readonly skips?: Partial<Record<TransportKind, string>>;
  readonly run: (context: TestContext, driver: Driver) => Promise<void>;
}

const cases: readonly BehaviourCase[] = [
  ...admissionCases,
  ...subprotocolCases,
  ...originCases,
  ...orderCases,
  ...messageCases,
  ...flowCases,
  ...closingCases,
  ...failureCases,
  ...signalCases,
  ...roomCases,
  ...logCases,
];

/** Runs all cases over one transport. */
export function behaviourSuite(kind: TransportKind): void {
  const driver = driverOf(kind);
  // Some cases wait for a second to pass: they wait together.
  suite(`a handler over ${kind}`, { concurrency: 8, timeout: 30_000 }, () => {
    for (const { name, skips, run } of cases) {
      test(name, { skip: skips?.[kind] ?? false }, (context) => run(context, driver));
    }
  });
}
