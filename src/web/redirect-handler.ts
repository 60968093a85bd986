import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { RequestHandler } from "./request-handler.ts";

/** The options of a route to a `RedirectHandler`. */
export interface RedirectHandlerOptions {
  /**
   * Where to: a path or a URL. `:name` and `*` as whole segments, and `{0}`, `{1}` anywhere, are replaced by what the route matched,
   * percent-encoded.
   */
  readonly url: string;
  /** 301, which browsers remember, instead of 302. Default true. */
  readonly permanent?: boolean;
}

/**
 * Sends clients to where something has moved, with the query that they came with.
 *
 * @example
 * new Application([["/blog/:year/:title", RedirectHandler, { url: "https://blog.example.com/:title" }]]);
 */
export class RedirectHandler extends RequestHandler {
  #url = "";
  #isPermanent = true;

  override initialize({ url, permanent = true }: RedirectHandlerOptions): void {
    if (typeof url !== "string" || url === "") {
      throw misuse("SETTING_INVALID", { name: "url", expected: "a path or a URL", value: kindOf(url) });
    }
    this.#url = url;
    this.#isPermanent = permanent;
  }

  get(): void {
    const params: Readonly<Record<string, string>> = this.params;
    const [, head = "", rest = ""] = /^(https?:\/\/[^/]*)?(.*)$/s.exec(this.#url) ?? [];
    const path = rest
      .replace(/(?<=\/)(?::([A-Za-z_]\w*)|\*)(?=[/?#]|$)/g, (text, name: string | undefined) => {
        const value = params[name ?? "*"];
        if (value === undefined) return text;
        return name === undefined
          ? value.split("/").map(encodeURIComponent).join("/")
          : encodeURIComponent(value);
      })
      .replace(/\{(\d+)\}/g, (text, index: string) => {
        const value = this.pathArgs[Number(index)];
        return value === undefined ? text : encodeURIComponent(value);
      })
      // What was matched may be empty or begin with a slash: two of them would name another host.
      .replace(head === "" ? /^\/{2,}/ : /^(?!)/, "/");
    const { query } = this.request;
    const joined = query === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
    this.redirect(`${head}${joined}`, { permanent: this.#isPermanent });
  }
}
