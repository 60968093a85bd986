/**
 * `npm run client-size`: what `waterspout/client` adds to a page, bundled, minified and compressed. Fails past the limit.
 *
 *     npm run client-size                       dist/client/index.js, as it was built last
 *     npm run client-size -- other/module.js    another module, which the test of this check uses
 */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const limitBytes = 8000;

const [entry = "dist/client/index.js"] = process.argv.slice(2);
const { outputFiles } = await build({
  entryPoints: [entry],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  write: false,
});
const [bundle] = outputFiles;
if (bundle === undefined) throw new Error("esbuild made nothing");
const bytes = gzipSync(bundle.contents, { level: 9 }).length;
const line = `# ${entry}: ${bytes} bytes gzipped (${bundle.contents.length} minified), at most ${limitBytes}\n`;
process.stdout.write(line);
if (bytes > limitBytes) process.exitCode = 1;
