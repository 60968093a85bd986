import { checkNames, invalidSetting } from "../base/setting-check.ts";
import type { StaticFileHandler } from "./static-file-handler.ts";
import type { ResolvedStaticOptions, StaticFileOptions } from "./static-options.ts";
import { isRoot, resolveStaticOptions } from "./static-options.ts";

/** The settings of the directory that an application serves by itself. */
export interface StaticSettings {
  /**
   * A directory whose files are served under `staticUrlPrefix`, and to which `staticUrl` leads; its favicon.ico and robots.txt also at the root of the site.
   * A path, relative to the working directory of the process, or a file URL. Default none.
   */
  readonly staticPath?: string | URL | undefined;
  /** The path under which they are served. Default `/static/`. */
  readonly staticUrlPrefix?: string | undefined;
  /** Who serves them: a class that extends `StaticFileHandler`. Default `StaticFileHandler`. */
  readonly staticHandlerClass?: typeof StaticFileHandler | undefined;
  /** The options of that route besides `root`. */
  readonly staticHandlerArgs?: Omit<StaticFileOptions, "root"> | undefined;
}

/** The same, checked and complete. */
export interface ResolvedStaticSettings {
  readonly urlPrefix: string;
  readonly handlerClass: typeof StaticFileHandler | undefined;
  /** What the handler is given. */
  readonly handlerOptions: StaticFileOptions;
  readonly resolvedOptions: ResolvedStaticOptions;
}

/** The names of these settings. */
export const staticSettingNames = [
  "staticPath",
  "staticUrlPrefix",
  "staticHandlerClass",
  "staticHandlerArgs",
] as const;

/** Undefined where no directory is served. @throws WaterspoutError SETTING_INVALID, SETTING_UNKNOWN */
export function resolveStaticSettings(settings: StaticSettings): ResolvedStaticSettings | undefined {
  const { staticPath, staticUrlPrefix = "/static/", staticHandlerClass, staticHandlerArgs = {} } = settings;
  if (staticPath === undefined) {
    const without = staticSettingNames.find((name) => settings[name] !== undefined);
    if (without === undefined) return undefined;
    throw invalidSetting(without, "left out without staticPath", settings[without]);
  }
  if (!isRoot(staticPath)) throw invalidSetting("staticPath", "a path or a file URL", staticPath);
  if (typeof staticUrlPrefix !== "string" || !/^\/(?:[\w.~-]+\/)*$/.test(staticUrlPrefix)) {
    const expected = 'a path that begins and ends with a slash, such as "/static/"';
    throw invalidSetting("staticUrlPrefix", expected, staticUrlPrefix);
  }
  if (typeof staticHandlerArgs !== "object" || staticHandlerArgs === null)
    throw invalidSetting("staticHandlerArgs", "an object", staticHandlerArgs);
  checkNames("staticHandlerArgs.", staticHandlerArgs, ["index", "dotfiles", "precompressed"]);
  const handlerOptions = { ...staticHandlerArgs, root: staticPath };
  return {
    urlPrefix: staticUrlPrefix,
    handlerClass: staticHandlerClass,
    handlerOptions,
    resolvedOptions: resolveStaticOptions(handlerOptions),
  };
}
