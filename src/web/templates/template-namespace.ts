import type { Handler } from "../handler.ts";
import type { RawHtml } from "../html.ts";
import { jsonEncode, rawHtml } from "../html.ts";
import type { ResolvedSettings } from "../settings.ts";

/** The names that every template has, of the handler that renders it. */
export function templateNamespace<Params extends object>(
  handler: Handler<Params>,
  settings: ResolvedSettings,
): Record<string, unknown> {
  return {
    handler,
    request: handler.request,
    currentUser: handler.currentUser,
    staticUrl: handler.staticUrl.bind(handler),
    reverseUrl: handler.reverseUrl.bind(handler),
    // A form's field is HTML; a template need not know.
    xsrfFormHtml: (): RawHtml => rawHtml(handler.xsrfFormHtml()),
    jsonEncode,
    rawHtml,
    // Of the settings only these: a secret has no business in a page.
    settings: { debug: settings.debug, loginUrl: settings.users.loginUrl },
  };
}
