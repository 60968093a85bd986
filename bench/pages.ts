import { writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { createText } from "./payloads.ts";
import type { HttpScenario } from "./scenarios.ts";
import type { Unit } from "./script-file.ts";
import { fileName, filesPath, greeting, itemOf } from "./servers/http/pages.ts";
import { temporaryDirectory } from "./temporary.ts";

/** Something that every server has to serve. */
interface Page {
  readonly path: string;
  readonly type: "text/plain" | "application/json";
  /** As text, or as what its JSON stands for, which each server may write with spaces or without. */
  readonly content: string | object;
}

const fileBytes = 100 * 1024;
const fileContent = createText(fileBytes).toString();

/** How many different items are asked for in turn. */
const itemCount = 64;

const pages: Readonly<Record<HttpScenario["page"], readonly Page[]>> = {
  greeting: [{ path: "/", type: "text/plain", content: greeting }],
  item: Array.from({ length: itemCount }, (_, index) => {
    const id = `${1000 + index}`;
    return { path: `/items/${id}`, type: "application/json", content: itemOf(id) };
  }),
  file: [{ path: `${filesPath}${fileName}`, type: "text/plain", content: fileContent }],
};

/** Writes the files that are served, and returns where they are. */
export function writeFiles(): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, fileName), fileContent);
  return directory;
}

/**
 * Asks a server once for every page of a scenario. That what comes back is right is seen here; that it comes back the same each
 * time, the load generator sees.
 *
 * @returns the requests with the bodies of their responses. Rejects when a response is not what it has to be.
 */
export async function askForPages(port: number, page: HttpScenario["page"]): Promise<readonly Unit[]> {
  const units: Unit[] = [];
  for (const each of pages[page]) {
    const content = await fetchPage(port, each);
    units.push({ sent: requestFor(port, each.path), replies: [{ first: 0, content }] });
  }
  return units;
}

async function fetchPage(port: number, { path, type, content }: Page): Promise<Buffer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { "Accept-Encoding": "identity" },
  });
  const body = Buffer.from(await response.arrayBuffer());
  const got = response.headers.get("content-type") ?? "no type";
  if (response.status !== 200) throw new Error(`it answers ${path} with ${response.status}`);
  if (got.split(";")[0]?.trim() !== type) throw new Error(`it serves ${path} as ${got}, not as ${type}`);
  if (!isContent(body.toString(), content)) throw new Error(`it serves something else at ${path}`);
  return body;
}

function isContent(body: string, content: Page["content"]): boolean {
  if (typeof content === "string") return body === content;
  try {
    return isDeepStrictEqual(JSON.parse(body), content);
  } catch {
    return false;
  }
}

/** No more than HTTP asks for. */
function requestFor(port: number, path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
}
