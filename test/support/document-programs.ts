import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { promisify } from "node:util";
import { blocksOf } from "./documents.ts";
import { RunningProcess } from "./process.ts";

/** A program and the name of its file. */
export type NamedProgram = readonly [name: string, text: string];

/** The blocks of a document in a language, with a name for each. */
function programsOf(document: string, language: string, prefix = ""): NamedProgram[] {
  return blocksOf(document, language).map((text, index) => [
    `${prefix}${document.replaceAll(/\W/g, "-")}-${index + 1}.ts`,
    text,
  ]);
}

/** The same program on a free port, that ends by itself. */
function ending(text: string): string {
  const closes = text.includes("server.close()") ? "" : "\nawait server.close();\n";
  return text.replace("listen(10000", "listen(0") + closes;
}

/**
 * Tests that the programs of documents compile and run: those marked `ts`. Those marked `js` are compiled only, since they belong into a
 * page or would not end; so are `others`.
 *
 * @param name of the directory in build/ where they are put.
 */
export function testPrograms(
  name: string,
  documents: readonly string[],
  others: readonly NamedProgram[] = [],
): void {
  const directory = join("build", name);
  /** What the compiler made of them, which is what runs. */
  const compiled = join(directory, "compiled");
  const programs = documents.flatMap((document) => programsOf(document, "ts"));
  const pagePrograms = documents.flatMap((document) => programsOf(document, "js", "page-"));

  before(() => {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(directory, "node_modules"), { recursive: true });
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    mkdirSync(join(compiled, "public"), { recursive: true });
    // What a program of the documents has beside it.
    for (const file of ["key.pem", "cert.pem"])
      copyFileSync(join("test", "fixtures", "tls", file), join(compiled, file));
    symlinkSync(process.cwd(), join(directory, "node_modules", "waterspout"), "junction");
    // An example shows a use and need not use all that it names.
    const compilerOptions = {
      noUnusedLocals: false,
      verbatimModuleSyntax: false,
      noEmit: false,
      allowImportingTsExtensions: false,
      declaration: false,
      rootDir: ".",
      outDir: "compiled",
      paths: {},
    };
    writeFileSync(
      join(directory, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] }),
    );
    for (const [file, text] of programs) writeFileSync(join(directory, file), ending(text));
    for (const [file, text] of [...pagePrograms, ...others]) writeFileSync(join(directory, file), text);
  });

  test("the programs of the documents compile", async () => {
    assert.ok(programs.length >= 8, `${programs.length} programs`);
    const compilation = promisify(execFile)(process.execPath, [
      "node_modules/typescript/bin/tsc",
      "-p",
      directory,
    ]);
    const { stdout } = await compilation.catch((error: { stdout: string }) => error);
    assert.equal(stdout, "");
  });

  suite("the programs of the documents run", { concurrency: availableParallelism() }, () => {
    for (const document of documents) {
      const files = programsOf(document, "ts").map(([file]) => file.replace(/ts$/, "js"));
      if (files.length === 0) continue;
      // One process for a document: to start one, and to load the package, takes longer than most programs.
      test(`those of ${document}`, async () => {
        const runner = join(compiled, `run-${document.replaceAll(/\W/g, "-")}.js`);
        const steps = files.map((file) => `console.log("${file}");\nawait import("./${file}");\n`);
        writeFileSync(runner, steps.join(""));
        const program = new RunningProcess(process.execPath, [runner]);
        assert.equal(await program.end(), 0, program.output);
        assert.doesNotMatch(program.output, /Error|\[[WE] /, program.output);
      });
    }
  });
}
