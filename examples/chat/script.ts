import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { RequestHandler } from "waterspout";

/** The page's script and the package's client, which it imports, in one file. A project with a build step makes it there. */
const bundle = await build({
  entryPoints: [fileURLToPath(new URL("./page/room.js", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});

/** Serves it. */
export class Script extends RequestHandler {
  get(): string {
    this.setHeader("Content-Type", "text/javascript; charset=utf-8");
    return bundle.outputFiles[0]?.text ?? "";
  }
}
