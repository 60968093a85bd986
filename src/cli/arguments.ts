import { existsSync, readFileSync } from "node:fs";
import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";
import { devHelp, mainHelp, serveHelp } from "./help.ts";

/** To start again at every change. */
export interface DevRequest {
  readonly kind: "dev";
  readonly file: string;
  readonly port: number;
  readonly host: string;
  readonly watched: readonly string[];
}

/** To serve until told to stop. */
export interface ServeRequest {
  readonly kind: "serve";
  readonly file: string;
  readonly target: number | { readonly path: string; readonly mode?: number };
  readonly options: { readonly host?: string };
}

/** What the arguments ask for; `usage` says what is wrong with them. */
export type CommandRequest =
  DevRequest | ServeRequest | { readonly kind: "print" | "usage"; readonly text: string };

type OptionTable = NonNullable<ParseArgsConfig["options"]>;

const commonOptions = {
  port: { type: "string", short: "p" },
  host: { type: "string", short: "H" },
  help: { type: "boolean", short: "h" },
} as const satisfies OptionTable;
const devOptions = {
  ...commonOptions,
  watch: { type: "string", short: "w", multiple: true },
} as const satisfies OptionTable;
const serveOptions = {
  ...commonOptions,
  socket: { type: "string", short: "s" },
  mode: { type: "string", short: "m" },
} as const satisfies OptionTable;

const portDefault = 10_000;

/** Thrown for arguments that make no sense, with the words for whoever typed them. */
class UsageError extends Error {}

/** Reads the arguments behind the name of the program. Never throws. */
export function readArguments(args: readonly string[], environment: NodeJS.ProcessEnv): CommandRequest {
  const [command = "", ...rest] = args;
  try {
    switch (command) {
      case "dev":
        return readDev(rest, environment);
      case "serve":
        return readServe(rest, environment);
      case "":
        return { kind: "usage", text: mainHelp };
      case "-h":
      case "--help":
      case "help":
        return { kind: "print", text: mainHelp };
      case "-v":
      case "--version":
        return { kind: "print", text: readVersion() };
      default:
        throw new UsageError(`there is no command ${command} (there are: dev, serve)`);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const help =
      command === "dev" || command === "serve" ? `waterspout ${command} --help` : "waterspout --help";
    return { kind: "usage", text: `waterspout: ${wordsOf(error)}\nTry ${help}.` };
  }
}

function readDev(args: readonly string[], environment: NodeJS.ProcessEnv): CommandRequest {
  const { values, positionals } = parseArgs({ args: [...args], options: devOptions, allowPositionals: true });
  if (values.help === true) return { kind: "print", text: devHelp };
  return {
    kind: "dev",
    file: fileOf(positionals),
    port: portOf(values.port, environment),
    host: hostOf(values.host) ?? "localhost",
    watched: values.watch ?? [],
  };
}

function readServe(args: readonly string[], environment: NodeJS.ProcessEnv): CommandRequest {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: serveOptions,
    allowPositionals: true,
  });
  if (values.help === true) return { kind: "print", text: serveHelp };
  const { socket, mode, port } = values;
  const host = hostOf(values.host);
  const file = fileOf(positionals);
  if (socket === undefined) {
    if (mode !== undefined) throw new UsageError("--mode needs --socket");
    const options = host === undefined ? {} : { host };
    return { kind: "serve", file, target: portOf(port, environment), options };
  }
  if (port !== undefined || host !== undefined)
    throw new UsageError("--socket stands instead of --port and --host");
  if (socket === "") throw new UsageError("--socket needs a path");
  const target = { path: socket, ...(mode === undefined ? {} : { mode: modeOf(mode) }) };
  return { kind: "serve", file, target, options: {} };
}

function fileOf(positionals: readonly string[]): string {
  const [file = "", ...others] = positionals;
  if (file === "") throw new UsageError("the FILE that exports the application is missing");
  if (others.length > 0) throw new UsageError(`there is one FILE, got ${positionals.join(" ")}`);
  return file;
}

function portOf(given: string | undefined, environment: NodeJS.ProcessEnv): number {
  const variable = environment["PORT"] ?? "";
  const text = given ?? (variable === "" ? String(portDefault) : variable);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  const where = given === undefined ? "the variable PORT" : "--port";
  throw new UsageError(
    `${where} is a whole number from 0 (any free one) to 65535, got ${JSON.stringify(text)}`,
  );
}

function hostOf(given: string | undefined): string | undefined {
  if (given === "") throw new UsageError("--host is an address or a name; without it, see --help");
  return given;
}

function modeOf(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError(`--mode is the permissions of a file, such as 660, got ${JSON.stringify(text)}`);
}

/** The first sentence of what `parseArgs` says; the others are about how to write what nobody meant. */
function wordsOf(error: Error): string {
  const [first = ""] = error.message.split(/\. |\n/, 1);
  return error instanceof UsageError ? error.message : `${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

function readVersion(): string {
  // The same from src/, dist/ and build/src/: the package's own folder is the first above that has a package.json.
  let folder = new URL("..", import.meta.url);
  while (!existsSync(new URL("package.json", folder))) folder = new URL("..", folder);
  const text = readFileSync(new URL("package.json", folder), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
