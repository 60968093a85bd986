import { build } from "esbuild";

const entry = new URL("../../src/client/index.ts", import.meta.url).pathname;
let bundle: Promise<string> | undefined;

/**
 * `waterspout/client` as a module for the page. A page with a build step would import it by its name; this one has none, and the package may not be
 * built either.
 */
export function bundleClient(): Promise<string> {
  bundle ??= build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
  }).then(({ outputFiles: [file] }) => file?.text ?? "");
  return bundle;
}
