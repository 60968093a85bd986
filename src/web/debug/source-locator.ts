import { SourceMap, type SourceMapPayload } from "node:module";
import { pathToFileURL } from "node:url";
import { SourceReader } from "../../transport/source-reader.ts";
import type { Position } from "./stack-frame.ts";
import { pathOf } from "./stack-frame.ts";

/** A map from made code to its sources. */
interface LoadedMap {
  readonly map: SourceMap;
  /** What the names of the sources are relative to: the map, and the root that it names. */
  readonly base: string;
}

/** What a source map's comment begins with. */
const comment = "//# sourceMappingURL=";

/** Of these it makes sense to show lines; of others, such as a file with secrets, nothing is shown, whatever a stack says. */
const sourceExtension = /\.(?:[cm]?[jt]sx?|eta|html)$/;

/**
 * Finds the source of what a stack says. Where Node has mapped the stack already (under tsx, or with `--enable-source-maps`), or where
 * types were only stripped, it is what stands there; otherwise the map beside the compiled file tells.
 */
export class SourceLocator {
  readonly #reader = new SourceReader();
  readonly #maps = new Map<string, Promise<LoadedMap | undefined>>();
  /** Sources that came with their map, and need not be on this disk. */
  readonly #contents = new Map<string, string>();

  /** The position in the source of a position in code. */
  async locate(position: Position): Promise<Position> {
    const { path, line, column } = position;
    if (!/\.[cm]?js$/.test(path)) return position;
    let loading = this.#maps.get(path);
    if (loading === undefined) this.#maps.set(path, (loading = this.#loadMap(path)));
    const loaded = await loading;
    if (loaded === undefined) return position;
    // Node's type says that there is an entry; where there is none it is an empty object.
    const entry = loaded.map.findEntry(line - 1, (column ?? 1) - 1) as Partial<
      ReturnType<SourceMap["findEntry"]> & object
    >;
    if (!("originalSource" in entry) || entry.originalSource === undefined) return position;
    const source = sourcePath(entry.originalSource, loaded.base);
    if (source === undefined) return position;
    return { path: source, line: (entry.originalLine ?? 0) + 1, column: (entry.originalColumn ?? 0) + 1 };
  }

  /** The lines of a source; undefined where they cannot be had, or are none of a program. */
  async linesOf(path: string): Promise<readonly string[] | undefined> {
    if (!sourceExtension.test(path)) return undefined;
    const text = (await this.#reader.read(path)) ?? this.#contents.get(path);
    return text?.split(/\r?\n/);
  }

  async #loadMap(path: string): Promise<LoadedMap | undefined> {
    try {
      const code = (await this.#reader.read(path)) ?? "";
      const at = code.lastIndexOf(comment);
      if (at === -1) return undefined;
      const [name = ""] = code.slice(at + comment.length).split(/\s/, 1);
      const isInline = name.startsWith("data:");
      const place = isInline ? pathToFileURL(path).href : new URL(name, pathToFileURL(path).href).href;
      const text = isInline ? decodeDataUrl(name) : await this.#reader.read(pathOf(place) ?? "");
      if (text === undefined) return undefined;
      const payload = JSON.parse(text) as SourceMapPayload;
      const base = new URL((payload.sourceRoot ?? "").replace(/(?<=[^/])$/, "/"), place).href;
      this.#keepContents(payload, base);
      return { map: new SourceMap(payload), base };
    } catch {
      // A map that is none is as good as absent.
      return undefined;
    }
  }

  #keepContents({ sources, sourcesContent }: SourceMapPayload, base: string): void {
    for (const [index, content] of ((sourcesContent as unknown as string[] | undefined) ?? []).entries()) {
      const source = sourcePath(sources[index] ?? "", base);
      if (source !== undefined && typeof content === "string") this.#contents.set(source, content);
    }
  }
}

function sourcePath(source: string, base: string): string | undefined {
  return URL.canParse(source, base) ? pathOf(new URL(source, base).href) : undefined;
}

/** The text of a `data:` URL. */
function decodeDataUrl(url: string): string {
  const data = url.slice(url.indexOf(",") + 1);
  return url.slice(0, url.indexOf(",")).endsWith(";base64")
    ? Buffer.from(data, "base64").toString("utf8")
    : decodeURIComponent(data);
}
