/** `npm ci` refuses a lock file that leaves out a package, also one for another platform. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      { readonly optionalDependencies?: Readonly<Record<string, string>>; readonly resolved?: string }
    >
  >;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

for (const directory of [".", "bench", "test/runtimes"]) {
  const { packages } = JSON.parse(readFileSync(`${directory}/package-lock.json`, "utf8")) as LockFile;

  test(`the lock file in ${directory} lists the optional packages of every platform`, () => {
    // npm leaves out those that the registry it was run against does not have at the moment.
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
      .filter((name) => packages[`node_modules/${name}`] === undefined);
    assert.deepEqual(missing, []);
  });

  test(`the lock file in ${directory} names no registry`, () => {
    const resolved = Object.values(packages).filter((each) => each.resolved !== undefined);
    assert.deepEqual(resolved, []);
  });
}

test("the benchmark is against the ws that the tests use", () => {
  const versions = [".", "bench"].map((directory) => {
    const manifest = JSON.parse(readFileSync(`${directory}/package.json`, "utf8")) as Manifest;
    return manifest.devDependencies?.["ws"] ?? manifest.dependencies["ws"];
  });
  assert.equal(versions[0], versions[1]);
});
