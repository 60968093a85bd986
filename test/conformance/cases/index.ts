/** All cases, by group. */
import type { Case } from "../runner/case.ts";
import { closingCases } from "./closing.ts";
import { deflateRuleCases } from "./deflate-rules.ts";
import { parameterCases, payloadCases } from "./deflate.ts";
import { fragmentationCases } from "./fragmentation.ts";
import { framingCases } from "./framing.ts";
import { limitCases, otherCases } from "./limits.ts";
import { opcodeCases } from "./opcodes.ts";
import { pingCases } from "./pings.ts";
import { reservedBitCases } from "./reserved-bits.ts";
import { utf8Cases } from "./utf8.ts";

/** Cases by the number of their group, in order. */
export const groups: ReadonlyMap<string, readonly Case[]> = new Map([
  ["1", framingCases],
  ["2", pingCases],
  ["3", reservedBitCases],
  ["4", opcodeCases],
  ["5", fragmentationCases],
  ["6", utf8Cases],
  ["7", closingCases],
  ["9", limitCases],
  ["10", otherCases],
  ["12", payloadCases],
  ["13", [...parameterCases, ...deflateRuleCases]],
]);

/** Whether the well-known suite has a case of this number, too. */
export function isClassic({ id }: Case): boolean {
  return /^[\d.]+$/.test(id);
}
