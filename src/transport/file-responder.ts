import type { IncomingMessage, ServerResponse } from "node:http";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import send from "send";

/** What happened when a file was asked for: it was sent, it is a directory, or the status that says why not. */
export type FileResult =
  | { readonly kind: "sent" }
  | { readonly kind: "directory" }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly error: Error;
    };

/** What `send` says of a failure. */
interface SendError extends Error {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A directory as a path or a file URL, absolute. */
export function resolveDirectory(root: string | URL): string {
  return resolve(root instanceof URL || root.startsWith("file:") ? fileURLToPath(root) : root);
}

/**
 * Answers with a file below `root`, by the library `send`: ranges, conditional requests, MIME types, index.html for a
 * directory, and no way out of `root`. Files whose name begins with a dot are as good as absent.
 */
export function respondWithFile(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
  path: string,
): Promise<FileResult> {
  return new Promise((settle) => {
    send(request, path, { root, dotfiles: "ignore", index: ["index.html"] })
      .on("error", (error: SendError) =>
        settle({ kind: "refused", status: error.status ?? 500, headers: error.headers ?? {}, error }),
      )
      .on("directory", () => settle({ kind: "directory" }))
      .pipe(response);
    response.once("close", () => settle({ kind: "sent" }));
  });
}
