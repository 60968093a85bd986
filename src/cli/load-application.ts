import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Application } from "../index.ts";

/** Thrown when FILE cannot be what it should be; its message is all that there is to say. */
export class LoadError extends Error {}

/**
 * Imports the module in `file` and gives the application that it exports: the default export, or `app`.
 *
 * Rejects with a LoadError, or with what the module itself threw.
 */
export async function loadApplication(file: string): Promise<Application> {
  const path = resolve(file);
  const fault = findFileFault(path);
  if (fault !== undefined) throw new LoadError(fault);
  if (/^\.[mc]?tsx?$/.test(extname(path))) await prepareTypeScript(path);
  const exported = (await import(pathToFileURL(path).href)) as {
    readonly default?: unknown;
    readonly app?: unknown;
  };
  // A CommonJS module has its exports as its default export.
  const inner = exported.default as { readonly default?: unknown; readonly app?: unknown } | null | undefined;
  const found = [exported.default, exported.app, inner?.default, inner?.app].find(isApplication);
  if (found !== undefined) return found;
  throw new LoadError(
    `${file} exports no application: it needs "export default new Application(…)", or "export const app"`,
  );
}

/** Why `path` can be no module; undefined where it can. */
export function findFileFault(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return `there is no file ${path}`;
  return found.isDirectory()
    ? `${path} is a folder, and not the file in it that exports the application`
    : undefined;
}

/** The class itself may come from another copy of this package than ours: what counts is that it listens. */
function isApplication(value: unknown): value is Application {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<Application>).listen === "function"
  );
}

/** Has this process understand TypeScript: by tsx, where the project has it, and otherwise by itself. */
async function prepareTypeScript(path: string): Promise<void> {
  const tsx = findTsx(path);
  if (tsx !== undefined) {
    await import(pathToFileURL(tsx).href);
    return;
  }
  const { typescript } = process.features as { readonly typescript?: unknown };
  if (typescript !== undefined && typescript !== false) return;
  throw new LoadError(
    `Node ${process.versions.node} runs no TypeScript by itself, as Node 22.18 does. ` +
      "Install tsx in your project (npm install --save-dev tsx), or compile first and name the .js file",
  );
}

function findTsx(path: string): string | undefined {
  try {
    return createRequire(path).resolve("tsx");
  } catch {
    return undefined;
  }
}
