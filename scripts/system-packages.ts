/**
 * What the tests need beyond npm: Debian packages. Each can be missing, and then the tests that need it are skipped
 * with the reason printed, unless CI=true, where a missing one is a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A Debian package, and how to see whether what it brings is there. */
interface SystemPackage {
  readonly name: string;
  readonly purpose: string;
  readonly isPresent: () => boolean;
}

const python = "/usr/bin/python3";

function hasPythonModule(name: string): boolean {
  return existsSync(python) && spawnSync(python, ["-c", `import ${name}`]).status === 0;
}

const packages = {
  chromium: {
    name: "chromium",
    purpose: "the browser tests",
    isPresent: () => existsSync("/usr/bin/chromium"),
  },
  tinyproxy: {
    name: "tinyproxy",
    purpose: "the test of the client with a real proxy",
    isPresent: () => existsSync("/usr/bin/tinyproxy"),
  },
  tornado: {
    name: "python3-tornado",
    purpose: "the tests with Tornado's client",
    isPresent: () => hasPythonModule("tornado.websocket"),
  },
  websockets: {
    name: "python3-websockets",
    purpose: "the tests with the Python client websockets",
    isPresent: () => hasPythonModule("websockets"),
  },
} satisfies Record<string, SystemPackage>;

/** Something that a test can need. */
export type Requirement = keyof typeof packages;

/** Set to anything, this environment variable forbids the tests to install packages. */
const forbidVariable = "WATERSPOUT_NO_INSTALL";

/** Why tests that need `requirement` cannot run here; false when they can. Throws instead of giving a reason when CI=true. */
export function skipReason(requirement: Requirement): string | false {
  const { name, isPresent } = packages[requirement];
  if (isPresent()) return false;
  if (process.env["CI"] === "true") throw new Error(`Debian's package ${name} is missing, and CI=true`);
  return `Debian's package ${name} is not installed`;
}

/** Installs what is missing, where that is possible and not forbidden, and says what it does. */
export function installMissing(say: (line: string) => void): void {
  const missing: readonly SystemPackage[] = Object.values(packages).filter(({ isPresent }) => !isPresent());
  if (missing.length === 0) return;
  for (const { name, purpose } of missing)
    say(`${purpose} need Debian's package ${name}, which is not installed`);
  if (process.env[forbidVariable] !== undefined) {
    say(`${forbidVariable} is set: nothing is installed`);
    return;
  }
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    say("to install packages I would have to be root and have apt-get");
    return;
  }
  const names = missing.map(({ name }) => name);
  say(`installing ${names.join(", ")} with apt-get (set ${forbidVariable}=1 to forbid it)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update"], { env });
  const { status, stderr } = spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...names], {
    env,
  });
  if (status !== 0) say(`apt-get failed: ${stderr.toString().trim()}`);
}
