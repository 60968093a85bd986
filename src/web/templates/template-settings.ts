import { misuse } from "../../base/errors.ts";
import { invalidSetting } from "../../base/setting-check.ts";
import { resolveDirectory } from "../../transport/files/directory-path.ts";
import type { TemplateEngine, TemplateNamespace } from "./template-engine.ts";

/** The settings of templates. */
export interface TemplateSettings {
  /**
   * The directory of the templates: a file URL such as `new URL("./templates/", import.meta.url)`, or a path, which is relative to the
   * working directory of the process. Default: none, and `render` cannot be used.
   */
  readonly templatePath?: string | URL | undefined;
  /** What renders templates in place of the engine that comes with Waterspout. Default: that one, for `templatePath`. */
  readonly templateEngine?: TemplateEngine | undefined;
}

/** The names of these settings. */
export const templateSettingNames = ["templatePath", "templateEngine"] as const;

/** Checks them; undefined where there are no templates. @throws WaterspoutError SETTING_INVALID */
export function resolveTemplateEngine(
  settings: TemplateSettings,
  debug: boolean,
): TemplateEngine | undefined {
  const { templatePath, templateEngine } = settings;
  if (templateEngine !== undefined) {
    if (typeof (templateEngine as Partial<TemplateEngine> | null)?.render !== "function") {
      throw invalidSetting("templateEngine", "an object with the method render", templateEngine);
    }
    if (templatePath === undefined) return templateEngine;
    throw invalidSetting("templatePath", "left out where templateEngine is set", templatePath);
  }
  if (templatePath === undefined) return undefined;
  if (templatePath === "" || (typeof templatePath !== "string" && !(templatePath instanceof URL))) {
    throw invalidSetting("templatePath", "a path or a file URL", templatePath);
  }
  return new DefaultEngine(directoryOf(templatePath), debug);
}

function directoryOf(templatePath: string | URL): string {
  try {
    return resolveDirectory(templatePath);
  } catch (error) {
    const value = String(templatePath);
    throw misuse(
      "SETTING_INVALID",
      { name: "templatePath", expected: "a path or a file URL", value },
      { cause: error },
    );
  }
}

/** The engine that comes with Waterspout, which is loaded when it is needed. */
class DefaultEngine implements TemplateEngine {
  readonly #directory: string;
  readonly #debug: boolean;
  #engine: Promise<Required<TemplateEngine>> | undefined;

  constructor(directory: string, debug: boolean) {
    this.#directory = directory;
    this.#debug = debug;
  }

  async load(): Promise<void> {
    await (await this.#open()).load();
  }

  async render(name: string, names: TemplateNamespace): Promise<string> {
    return (await this.#open()).render(name, names);
  }

  #open(): Promise<Required<TemplateEngine>> {
    return (this.#engine ??= import("./eta-engine.ts").then(
      ({ EtaEngine }) => new EtaEngine(this.#directory, this.#debug),
    ));
  }
}
