/**
 * `npm test`: prepares what the tests need, runs them, and checks that the core is covered to the last branch.
 *
 *     npm test                     everything
 *     npm test -- handshake        only test files whose path contains "handshake", without the coverage check
 */
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { installMissing, testRequirements } from "./system-packages.js";

const say = (line: string): void => {
  process.stdout.write(`# ${line}\n`);
};

/** Runs a command with our own input and output; ends the process when it fails. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", env, shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}

const filters = process.argv.slice(2);
const files = readdirSync(join("build", "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .map((file) => join("build", "test", file))
  .filter(
    (file) => filters.length === 0 || filters.some((filter) => file.replaceAll("\\", "/").includes(filter)),
  )
  .toSorted();
if (files.length === 0) {
  say(`no test file's path contains ${filters.join(" or ")}`);
  process.exit(1);
}

installMissing(testRequirements, say);
// The tests of the package and of the examples use what users get: dist/.
run("npm", ["run", "--silent", "build"]);

/** Runs test files; no test takes a minute, and one that hangs shall say which it is. */
function runTests(tests: readonly string[], concurrency: number, env?: NodeJS.ProcessEnv): void {
  const options = ["--enable-source-maps", "--test", "--test-reporter=spec", "--test-timeout=60000"];
  run(process.execPath, [...options, `--test-concurrency=${concurrency}`, ...tests], env);
}

const cores = availableParallelism();

if (filters.length > 0) {
  runTests(files, cores);
  process.exit();
}

// The core first, and by itself: its own tests have to cover it to the last branch.
const isOfCore = (file: string): boolean => /^build.test.(base|protocol)./.test(file);
const temporary = join("coverage", "tmp");
rmSync("coverage", { recursive: true, force: true });
runTests(files.filter(isOfCore), cores, { ...process.env, NODE_V8_COVERAGE: temporary });
const core = ["--include", "build/src/base/**", "--include", "build/src/protocol/**"];
const thresholds = ["--check-coverage", "--branches=100", "--lines=100", "--functions=100"];
run("npx", ["c8", "report", "--temp-directory", temporary, ...core, ...thresholds]);
// What says how soon somebody is answered has the machine for itself.
const isAlone = (file: string): boolean => /slow-clients/.test(file);
runTests(
  files.filter((file) => !isOfCore(file) && !isAlone(file)),
  cores,
);
runTests(files.filter(isAlone), 1);
