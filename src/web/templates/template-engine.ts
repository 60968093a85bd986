/** What a template sees: the names of `getTemplateNamespace`, and over them the data of the call. */
export type TemplateNamespace = Readonly<Record<string, unknown>>;

/**
 * What turns a template and data into text, for the setting `templateEngine`. An engine keeps what it has compiled, escapes what it puts into
 * HTML, and lets no name reach a file outside the directory of its templates.
 *
 * @example
 * const settings: Settings = {
 *   templateEngine: { render: (name, names) => `${name} for ${String(names["currentUser"])}` },
 * };
 */
export interface TemplateEngine {
  /** The text of a template. What it throws is answered like every failure of a handler. */
  render(name: string, names: TemplateNamespace): string | Promise<string>;
  /** Called each time before the application listens, which fails when this does: the place to read files before anybody waits. */
  load?(): void | Promise<void>;
}

/**
 * The templates of a program and the data that each is rendered with. As soon as a program declares one, `render` and `renderString` take
 * only the names that are declared, with their data: `declare module "waterspout" { interface Templates { story: { title: string } } }`.
 */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- programs fill it
export interface Templates {}

/** The name of a template: any, unless the program declares which there are. */
export type TemplateName = [keyof Templates] extends [never] ? string : Extract<keyof Templates, string>;

/** The data of a template, which may be left out where it needs none. */
export type TemplateData<Name extends string> = Name extends keyof Templates
  ? object extends Templates[Name]
    ? [data?: Templates[Name]]
    : [data: Templates[Name]]
  : [data?: object];
