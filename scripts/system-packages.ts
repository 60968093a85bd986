/**
 * What the tests and the benchmark need beyond npm: Debian packages. Each can be missing, and then the tests that need it
 * are skipped with the reason printed, unless CI=true, where a missing one is a failure.
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
  nginx: {
    name: "nginx",
    purpose: "the tests behind nginx",
    isPresent: () => existsSync("/usr/sbin/nginx"),
  },
  haproxy: {
    name: "haproxy",
    purpose: "the tests behind HAProxy",
    isPresent: () => existsSync("/usr/sbin/haproxy"),
  },
  caddy: {
    name: "caddy",
    purpose: "the tests behind Caddy",
    isPresent: () => existsSync("/usr/bin/caddy"),
  },
  tornado: {
    name: "python3-tornado",
    purpose: "the tests with Tornado's client and the benchmark against its server",
    isPresent: () => hasPythonModule("tornado.websocket"),
  },
  websockets: {
    name: "python3-websockets",
    purpose: "the tests with the Python client websockets",
    isPresent: () => hasPythonModule("websockets"),
  },
  slowhttptest: {
    name: "slowhttptest",
    purpose: "the tests with clients that are slow on purpose",
    isPresent: () => existsSync("/usr/bin/slowhttptest"),
  },
  gcc: {
    name: "gcc",
    purpose: "the benchmark's load generator, and its tests,",
    isPresent: () => spawnSync("gcc", ["--version"]).status === 0,
  },
  libc: {
    name: "libc6-dev",
    purpose: "the benchmark's load generator, and its tests,",
    isPresent: () => existsSync("/usr/include/stdio.h"),
  },
} satisfies Record<string, SystemPackage>;

/** Something that a test can need. */
export type Requirement = keyof typeof packages;

/** What `npm test` needs: all of it. */
export const testRequirements = Object.keys(packages) as readonly Requirement[];

/** What `npm run bench` needs. */
export const benchRequirements: readonly Requirement[] = ["gcc", "libc", "tornado"];

/** Set to anything, this environment variable forbids to install packages. */
const forbidVariable = "WATERSPOUT_NO_INSTALL";

/** Why tests that need `requirement` cannot run here; false when they can. Throws instead of giving a reason when CI=true. */
export function skipReason(requirement: Requirement): string | false {
  const { name, isPresent } = packages[requirement];
  if (isPresent()) return false;
  if (process.env["CI"] === "true") throw new Error(`Debian's package ${name} is missing, and CI=true`);
  return `Debian's package ${name} is not installed`;
}

/** Installs what is missing of `requirements`, where that is possible and not forbidden, and says what it does. */
export function installMissing(requirements: readonly Requirement[], say: (line: string) => void): void {
  const missing: readonly SystemPackage[] = requirements
    .map((requirement) => packages[requirement])
    .filter(({ isPresent }) => !isPresent());
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
