import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { benchRequirements, installMissing } from "../scripts/system-packages.ts";

const packages = join("bench", "node_modules");

/** Installs what is missing: a compiler, and the opponents, apart from our own packages so that `npm ci` stays small. */
export function installRequirements(say: (line: string) => void): void {
  installMissing(benchRequirements, say);
  const installed = join(packages, ".package-lock.json");
  const lock = join("bench", "package-lock.json");
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    say("installing the opponents (npm ci in bench/)");
    const args = ["ci", "--prefix", "bench", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    const { status, stderr } = spawnSync("npm", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`npm ci in bench/ failed: ${stderr.trim()}`);
  }
  linkPackages();
}

/** The compiled servers find their packages as if they lay in bench/. */
function linkPackages(): void {
  const link = join("build", "bench", "node_modules");
  mkdirSync(join("build", "bench"), { recursive: true });
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
    symlinkSync(join("..", "..", packages), link, "dir");
  }
}
