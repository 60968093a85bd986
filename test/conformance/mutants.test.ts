/**
 * The suite has to fail for a server or client that breaks a rule. A mutant is the compiled engine with one text in it
 * replaced by another, served by the same echo.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { temporaryFiles } from "../support/files.ts";
import { answerCases } from "./cases/handshake-answers.ts";
import { requestCases } from "./cases/handshake-requests.ts";
import { groups } from "./cases/index.ts";
import type { SuiteOptions } from "./runner/suite.ts";
import { runHandshakes, runSuite } from "./runner/suite.ts";
import type { Testee } from "./runner/testee.ts";
import type { Mutant } from "./testees/mutants.ts";
import { mutants } from "./testees/mutants.ts";
import type { ClientPackage } from "./testees/waterspout-client.ts";
import { waterspoutClient } from "./testees/waterspout-client.ts";
import type { Package } from "./testees/waterspout-server.ts";
import { waterspoutServer } from "./testees/waterspout-server.ts";

const original = resolve("build", "src");
const files = readdirSync(original, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".js"))
  .map((file) => ({ file, text: readFileSync(join(original, file), "utf8") }));

const root = temporaryFiles({ "package.json": `{ "type": "module" }` });
// The copy needs the package's own dependencies.
symlinkSync(resolve("node_modules"), join(root, "node_modules"), "junction");

/** Sessions have some of the engine's rules of their own. */
const isOfEngine = (file: string): boolean => !/[\\/]session[\\/]/.test(file);

/** Writes the compiled package anew, and returns where. */
function writeCopy(name: string, change: (text: string, file: string) => string): string {
  const copy = join(root, name);
  for (const { file, text } of files) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    writeFileSync(join(copy, file), change(text, file));
  }
  return copy;
}

/** Makes a copy of the compiled package with one change, and resolves with a testee of it. */
async function testeeOf(mutant: Mutant, number: number): Promise<Testee> {
  const found = files.filter(({ file, text }) => isOfEngine(file) && text.includes(mutant.find));
  const places = found.map(({ text }) => text.split(mutant.find).length - 1);
  assert.deepEqual(places, [1], `the text to replace stands once in the engine: ${mutant.find}`);
  const copy = writeCopy(String(number), (text, file) =>
    isOfEngine(file) ? text.replace(mutant.find, () => mutant.replace) : text,
  );
  return load(copy, mutant.role, mutant.name);
}

async function load(directory: string, role: Testee["role"], name: string): Promise<Testee> {
  const from = async (file: string): Promise<unknown> =>
    import(pathToFileURL(join(directory, file)).href) as Promise<unknown>;
  if (role === "server") {
    // Longer than the mutants' time, or the end of a connection would come from here; and not much longer.
    const websocket = { closeTimeoutMs: 1500 };
    return waterspoutServer(name, (await from("index.js")) as Package, { websocket });
  }
  return waterspoutClient(name, (await from("index.js")) as ClientPackage);
}

/** Runs the cases that are named; resolves with those that failed. */
async function failuresOf(testee: Testee, cases: RegExp, options: SuiteOptions): Promise<readonly string[]> {
  const isMeant = ({ id }: { readonly id: string }): boolean => cases.test(id);
  const messages = await runSuite(testee, [...groups.values()].flat().filter(isMeant), options);
  const handshakes = { requests: requestCases.filter(isMeant), answers: answerCases.filter(isMeant) };
  const { failed } = await runHandshakes(testee, handshakes, options);
  // A mutant may well log an error of its own.
  await testee.close().catch(() => {});
  return [...messages.failed, ...failed];
}

/** A mutant may fail by doing nothing: that is what the time is for. */
const timeoutMs = 1000;

test("an unchanged copy passes", async () => {
  const copy = writeCopy("unchanged", (text) => text);
  for (const role of ["server", "client"] as const) {
    assert.deepEqual(await failuresOf(await load(copy, role, "unchanged"), /^(1|2|4|7|A|H)\./, {}), []);
  }
});

// Many of them do nothing until their time is over: it passes for several at once.
suite("mutants", { concurrency: 4 }, () => {
  for (const [number, mutant] of mutants.entries()) {
    test(`${mutant.role}: ${mutant.name}`, async () => {
      const testee = await testeeOf(mutant, number);
      const failures = await failuresOf(testee, mutant.cases, { timeoutMs, stopsAtFailure: true });
      assert.ok(failures.length > 0, "at least one case fails");
    });
  }
});
