import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const canPin = availableParallelism() >= 2 && spawnSync("taskset", ["--version"]).status === 0;

/** The server has one core to itself and the load another, where the machine has two and `taskset`. */
export const isPinned: boolean = canPin;

/** The same command, on one core. */
export function onCore(core: number, command: readonly string[]): readonly [string, ...string[]] {
  const [program = "", ...args] = command;
  return canPin ? ["taskset", "--cpu-list", `${core}`, program, ...args] : [program, ...args];
}
