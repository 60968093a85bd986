import { extname } from "node:path";
import { contentType } from "mime-types";
import { describe, misuse } from "../base/errors.ts";
import { quote } from "../base/text.ts";
import type { ByteRange } from "../protocol/http/byte-range.ts";
import { formatContentRange, parseByteRange } from "../protocol/http/byte-range.ts";
import type { ContentCoding } from "../protocol/http/content-coding.ts";
import { isWorthCompressing, negotiateCoding } from "../protocol/http/content-coding.ts";
import { listIncludes } from "../protocol/http/field-values.ts";
import { isRangeWanted, judgePreconditions } from "../protocol/http/preconditions.ts";
import { parseFilePath } from "../transport/files/file-path.ts";
import type { ServedFile } from "../transport/files/served-file.ts";
import { wholeBytesMax } from "../transport/files/served-file.ts";
import type { FileVersions } from "../transport/files/file-versions.ts";
import type { Environment } from "./environment.ts";
import type { HandlerContext } from "./handler.ts";
import { HttpError } from "./http-error.ts";
import { Refusal } from "./refusal.ts";
import { RequestHandler } from "./request-handler.ts";
import type { ResolvedStaticOptions, StaticFileOptions } from "./static-options.ts";
import { resolveStaticOptions } from "./static-options.ts";

/** What is sent for a file: the file itself, or the compressed form that lies beside it. */
interface Form {
  readonly file: ServedFile;
  readonly coding: ContentCoding | undefined;
}

const extensions: Readonly<Record<ContentCoding, string>> = { br: ".br", gzip: ".gz" };

/** A year, which is as long as a cache keeps anything. */
const farFuture = "max-age=31536000, immutable";

/**
 * Serves the files of a directory: with types, ranges, conditional requests and `index.html` for directories. The path
 * below the directory is what the route's `*` (or its last group) matched. Names that begin with a dot are not served, nor is what a symbolic link
 * outside of the directory leads to. Options are those of `StaticFileOptions`.
 *
 * @example
 * new Application([["/static/*", StaticFileHandler, { root: new URL("./static/", import.meta.url) }]]);
 */
export class StaticFileHandler extends RequestHandler {
  readonly #environment: Environment;
  #options: ResolvedStaticOptions | undefined;

  constructor(context: HandlerContext) {
    super(context);
    this.#environment = context.environment;
  }

  /** @throws WaterspoutError SETTING_INVALID, SETTING_UNKNOWN */
  override initialize(options: StaticFileOptions): void {
    this.#options = resolveStaticOptions(options);
  }

  /**
   * Override it to set header fields for a file, whose path below the directory has slashes. It is called before anything is sent, and may
   * change what is there already. Files that are not there have none.
   *
   * @example
   * class Fonts extends StaticFileHandler {
   *   override setExtraHeaders(path: string) {
   *     if (path.endsWith(".woff2")) this.setHeader("Access-Control-Allow-Origin", "*");
   *   }
   * }
   */
  setExtraHeaders(_path: string): void {}

  /**
   * Override it to have caches keep a file for so many seconds without asking again; 0 has them ask each time. A URL with
   * the version of the file (`staticUrl`) is kept for a year in any case.
   */
  getCacheTime(_path: string, _modified: Date, _type: string): number {
    return 0;
  }

  /** The Content-Type of a file, by its extension. Override it for those that are not known. */
  getContentType(path: string): string {
    return contentType(extname(path)) || "application/octet-stream";
  }

  async get(): Promise<void> {
    const options = this.#options;
    if (options === undefined) {
      const value = "none: an override of initialize() must call super.initialize(options)";
      throw misuse("SETTING_INVALID", { name: "root", expected: "a path or a file URL", value });
    }
    const path = this.pathArgs.at(-1) ?? "";
    const file = await this.#find(path, options);
    if (file === undefined) return;
    let form: Form = { file, coding: undefined };
    try {
      const versions = this.#environment.staticFiles?.versionsIn(options.root.path);
      if (options.precompressed) form = (await this.#compressedForm(file, options, versions)) ?? form;
      await this.#send(file, form, options.precompressed, versions);
    } finally {
      await file.close();
      if (form.file !== file) await form.file.close();
    }
  }

  head(): Promise<void> {
    return this.get();
  }

  /** The file at a path; undefined when the answer is that it has another path. */
  async #find(
    path: string,
    { root, index, dotfiles }: ResolvedStaticOptions,
  ): Promise<ServedFile | undefined> {
    const parsed = parseFilePath(path, dotfiles);
    if (parsed === undefined || (parsed.isDirectory && index === undefined)) throw notFound(path);
    const { isDirectory, names } = parsed;
    const found = await root.open(isDirectory ? [...names, index!] : names);
    if (found.kind === "file") return found.file;
    if (found.kind === "refused")
      throw new Refusal(describe("FILE_REFUSED", { path: quote(path), reason: found.reason }));
    if (found.kind === "absent" || isDirectory || index === undefined) throw notFound(path);
    // A second slash in front would make it another host's URL.
    const query = this.request.query === "" ? "" : `?${this.request.query}`;
    this.redirect(`${this.request.path.replace(/^\/+/, "/")}/${query}`, { status: 301 });
    return undefined;
  }

  /** The compressed form of a file that its client likes best, of those that there are and that are of this very file. */
  async #compressedForm(
    file: ServedFile,
    { root }: ResolvedStaticOptions,
    versions: FileVersions | undefined,
  ): Promise<Form | undefined> {
    const accepted = this.request.header("accept-encoding");
    let codings: readonly ContentCoding[] = ["br", "gzip"];
    for (;;) {
      const coding = negotiateCoding(accepted, codings);
      if (coding === undefined) return undefined;
      const found = await root.open(`${file.name}${extensions[coding]}`.split("/"));
      if (found.kind === "file") {
        if (isFormOf(found.file, file, versions)) return { file: found.file, coding };
        await found.file.close();
      }
      codings = codings.filter((other) => other !== coding);
    }
  }

  async #send(
    original: ServedFile,
    { file, coding }: Form,
    isNegotiated: boolean,
    versions: FileVersions | undefined,
  ): Promise<void> {
    const { headers, method } = this.request;
    const path = original.name;
    const type = this.getContentType(path);
    const version = versions?.versionOf(file);
    // RFC 9110 §8.8.2.1: no origin server says a time to come.
    const modified = new Date(Math.floor(Math.min(file.modifiedMs, Date.now()) / 1000) * 1000);
    const { compressResponse } = this.#environment.settings;
    if (isNegotiated || (compressResponse !== undefined && isWorthCompressing(type))) this.#varyByEncoding();
    this.#offerHeader("ETag", version === undefined ? file.etag : `"${version}"`);
    this.#offerHeader("Last-Modified", modified.toUTCString());
    const isForGood = this.#isForGood(original, file, versions);
    this.#offerHeader("Cache-Control", this.#cacheControl(path, modified, type, isForGood));
    this.#offerHeader("X-Content-Type-Options", "nosniff");
    this.setExtraHeaders(path);

    const etag = this.peekHeader("etag")?.[0] ?? "";
    const precondition = judgePreconditions(headers, { etag, modifiedMs: modified.getTime() });
    if (precondition === "failed") throw new HttpError(412);
    if (precondition === "not-modified") {
      this.setStatus(304);
      await this.finish();
      return;
    }
    this.#offerHeader("Content-Type", type);
    this.#offerHeader("Accept-Ranges", "bytes");
    if (coding !== undefined) this.setHeader("Content-Encoding", coding);
    const range = method === "GET" ? this.#range(etag, file.size) : undefined;
    if (range !== undefined) {
      this.setStatus(206);
      this.setHeader("Content-Range", formatContentRange(range, file.size));
    }
    const { start, end } = range ?? { start: 0, end: file.size };
    if (end - start > wholeBytesMax) {
      this.setHeader("Content-Length", end - start);
      await this.writer.sendChunks(
        method === "HEAD" ? nothing() : file.read(start, end, version === undefined),
      );
      return;
    }
    const body = await file.readWhole(start, end);
    if (version !== undefined && (await file.hasChanged())) this.#forgetVersion();
    if (body.length === file.size) await this.#options?.root.keep(file, body);
    await this.finish(body);
  }

  /**
   * Whether the URL's `v` is the version of the file that is sent now, so that it may be kept for good. It is not when a page of
   * before or after a change named it, nor when a compressed form is not known to be of that version.
   */
  #isForGood(original: ServedFile, file: ServedFile, versions: FileVersions | undefined): boolean {
    if (versions === undefined || this.#environment.settings.debug) return false;
    const asked = new URLSearchParams(this.request.query).getAll("v");
    const version = versions.versionOf(original);
    return (
      version !== undefined &&
      asked.length === 1 &&
      asked[0] === version &&
      (file === original || versions.plainVersionOf(file) === version)
    );
  }

  #cacheControl(path: string, modified: Date, type: string, isForGood: boolean): string {
    // What only users may see is not for the caches that they share.
    const scope = this.currentUser === null || this.currentUser === undefined ? "public" : "private";
    if (isForGood) return `${scope}, ${farFuture}`;
    const seconds = Math.floor(this.getCacheTime(path, modified, type));
    return seconds > 0 && !this.#environment.settings.debug ? `${scope}, max-age=${seconds}` : "no-cache";
  }

  /** The part that is asked for. @throws HttpError 416 */
  #range(etag: string, size: number): ByteRange | undefined {
    const field = this.request.header("range");
    if (field === undefined || !isRangeWanted(this.request.header("if-range"), etag)) return undefined;
    const range = parseByteRange(field, size);
    if (range !== "unsatisfiable") return range;
    throw new HttpError(416, "", { headers: { "Content-Range": formatContentRange(undefined, size) } });
  }

  /** What was read is not surely what the header fields say. */
  #forgetVersion(): void {
    this.clearHeader("ETag");
    this.clearHeader("Last-Modified");
    this.setHeader("Cache-Control", "no-cache");
  }

  #varyByEncoding(): void {
    const vary = this.peekHeader("vary")?.join();
    if (!listIncludes(vary, "*") && !listIncludes(vary, "accept-encoding"))
      this.addHeader("Vary", "Accept-Encoding");
  }

  /** Sets a header field that nobody has set. */
  #offerHeader(name: string, value: string): void {
    if (!this.hasHeader(name)) this.setHeader(name, value);
  }
}

/**
 * Whether a compressed form is of this file, and not of one that was there before: by their versions, and where these are not known by their times, of
 * which tools copy whole seconds.
 */
function isFormOf(form: ServedFile, file: ServedFile, versions: FileVersions | undefined): boolean {
  const version = versions?.versionOf(file);
  const plainVersion = versions?.plainVersionOf(form);
  if (version !== undefined && plainVersion !== undefined) return version === plainVersion;
  return Math.floor(form.modifiedMs / 1000) >= Math.floor(file.modifiedMs / 1000);
}

/** The body of an answer to HEAD. */
async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {
  yield new Uint8Array();
}

function notFound(path: string): Refusal {
  return new Refusal(describe("FILE_NOT_FOUND", { path: quote(path) }));
}
