import { FileRoot } from "../transport/files/file-root.ts";
import { FileVersions } from "../transport/files/file-versions.ts";
import { invalidSetting } from "../base/setting-check.ts";
import type { RouteEntry } from "./route.ts";
import type { Router } from "./router.ts";
import { isOrExtends } from "./router.ts";
import type { ResolvedSettings } from "./settings.ts";
import { StaticFileHandler } from "./static-file-handler.ts";
import type { ResolvedStaticOptions, StaticFileOptions } from "./static-options.ts";
import { checkRootExists, isRoot, resolveStaticOptions } from "./static-options.ts";

/** The directory that an application serves by itself: its URLs, and the versions in them. */
export class StaticFiles {
  readonly versions: FileVersions;
  readonly #urlPrefix: string;
  readonly #rootPath: string;

  constructor(urlPrefix: string, { root, dotfiles }: ResolvedStaticOptions, isDebug: boolean) {
    this.#urlPrefix = urlPrefix;
    this.#rootPath = root.path;
    this.versions = new FileVersions(root, dotfiles, isDebug);
  }

  /** The path of a file's URL, with its version where that is wanted and known. */
  url(file: string, hasVersion: boolean): string {
    const name = file.toWellFormed().replace(/^\/+/, "");
    const path = this.#urlPrefix + name.split("/").map(encodeURIComponent).join("/");
    const version = hasVersion ? this.versions.latest(name) : undefined;
    return version === undefined ? path : `${path}?v=${version}`;
  }

  /** The versions of the files of a directory, if it is this one. */
  versionsIn(rootPath: string): FileVersions | undefined {
    return rootPath === this.#rootPath ? this.versions : undefined;
  }
}

/** The directory that the settings name, if they name one. */
export function createStaticFiles({ staticFiles, debug }: ResolvedSettings): StaticFiles | undefined {
  if (staticFiles === undefined) return undefined;
  return new StaticFiles(staticFiles.urlPrefix, staticFiles.resolvedOptions, debug);
}

/**
 * The routes that serve that directory, which come before all others, as in Tornado. A path of its own that the application has for /favicon.ico or /robots.txt
 * stays.
 *
 * @throws WaterspoutError SETTING_INVALID
 */
export function staticRoutes({ staticFiles }: ResolvedSettings, routes: readonly RouteEntry[]): RouteEntry[] {
  if (staticFiles === undefined) return [];
  const { urlPrefix, handlerClass: handler = StaticFileHandler, handlerOptions } = staticFiles;
  if (!isOrExtends(handler, StaticFileHandler))
    throw invalidSetting("staticHandlerClass", "a class that extends StaticFileHandler", handler);
  const own = new Set(routes.map(patternOf));
  const atRoot = ["/favicon.ico", "/robots.txt"].filter((path) => !own.has(path));
  return [
    [`${urlPrefix}*`, handler, handlerOptions],
    ...atRoot.map((path): RouteEntry => [
      new RegExp(`/(${path.slice(1).replace(".", String.raw`\.`)})`),
      handler,
      handlerOptions,
    ]),
  ];
}

function patternOf(entry: RouteEntry): unknown {
  return typeof entry === "object" && entry !== null && "pattern" in entry ? entry.pattern : entry?.[0];
}

/** Throws SETTING_INVALID or SETTING_UNKNOWN for a route whose files nobody could have: at once, rather than with its first request. */
export function checkStaticRoutes(router: Router): void {
  for (const { handler, options } of router.routes) {
    const { initialize } = handler.prototype as { readonly initialize?: unknown };
    // An override may take other options, and give those of the handler itself later.
    if (initialize === StaticFileHandler.prototype.initialize)
      resolveStaticOptions(options as StaticFileOptions);
  }
}

/** Rejects with SETTING_INVALID where a directory to serve is not there. */
export async function checkStaticRoots(router: Router, { staticFiles }: ResolvedSettings): Promise<void> {
  const checks = router.routes.map(async ({ handler, options }) => {
    if (!isOrExtends(handler, StaticFileHandler)) return;
    const { root } = options as Partial<StaticFileOptions>;
    if (isRoot(root)) {
      const name = options === staticFiles?.handlerOptions ? "staticPath" : "root";
      await checkRootExists(name, new FileRoot(root));
    }
  });
  await Promise.all(checks);
}
