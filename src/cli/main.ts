#!/usr/bin/env node
/**
 * The command `waterspout`: `dev` for who writes an application, `serve` for production.
 *
 * Exit codes: 0 when all went well, 1 when the application could not be started, 2 for arguments that make no sense, and
 * 128 plus its number for a second signal.
 */
import { readArguments } from "./arguments.ts";
import { serve } from "./serve.ts";

const request = readArguments(process.argv.slice(2), process.env);
switch (request.kind) {
  case "print":
    process.stdout.write(`${request.text}\n`);
    break;
  case "usage":
    process.stderr.write(`${request.text}\n`);
    process.exitCode = 2;
    break;
  case "dev": {
    // What watches files has no business in production.
    const { dev } = await import("./dev.ts");
    await dev(request);
    break;
  }
  case "serve":
    await serve(request);
    break;
}
