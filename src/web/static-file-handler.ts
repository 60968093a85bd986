import { describe, misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";
import { resolveDirectory } from "../transport/file-responder.ts";
import { HttpError } from "./http-error.ts";
import { Refusal } from "./refusal.ts";
import { RequestHandler } from "./request-handler.ts";

/** The options of a route to a `StaticFileHandler`. */
export interface StaticFileOptions {
  /**
   * The directory whose files are served: a file URL such as `new URL("./page/", import.meta.url)`, or a path, which is
   * relative to the working directory of the process.
   */
  readonly root: string | URL;
}

/**
 * Serves the files of a directory: with types, ranges, conditional requests and `index.html` for directories. The path
 * below the directory is what the route's `*` (or its last group) matched. Names that begin with a dot are not served.
 *
 * @example
 * new Application([["/static/*", StaticFileHandler, { root: new URL("./static/", import.meta.url) }]]);
 */
export class StaticFileHandler extends RequestHandler {
  #root: string | undefined;

  override initialize(options: StaticFileOptions): void {
    if (options.root === "" || (typeof options.root !== "string" && !(options.root instanceof URL))) {
      throw misuse("SETTING_INVALID", {
        name: "root",
        expected: "a path or a file URL",
        value: kindOf(options.root),
      });
    }
    this.#root = resolveDirectory(options.root);
  }

  async get(): Promise<void> {
    if (this.#root === undefined) {
      const value = "none: an override of initialize() must call super.initialize(options)";
      throw misuse("SETTING_INVALID", { name: "root", expected: "a path or a file URL", value });
    }
    const path = this.pathArgs.at(-1) ?? "";
    // The library decodes once more what the router has decoded.
    const encoded = `/${path.split("/").map(encodeURIComponent).join("/")}`;
    const result = await this.respondWithFile(this.#root, encoded);
    if (result.kind === "directory") {
      // A second slash in front would make it another host's URL.
      const query = this.request.query === "" ? "" : `?${this.request.query}`;
      this.redirect(`${this.request.path.replace(/^\/+/, "/")}/${query}`, { status: 301 });
    } else if (result.kind === "refused") {
      if (result.status >= 500) throw result.error;
      if (result.status === 404) throw new Refusal(describe("FILE_NOT_FOUND", { path: quote(path) }));
      throw new HttpError(result.status, "", { headers: result.headers });
    }
  }
}
