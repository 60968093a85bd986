/** Some origin: what leaves this one leaves any. */
const site = "http://site.invalid";

/** How often a path is decoded to see what becomes of it: more often than there are proxies in a row. */
const decodingsMax = 8;

/**
 * A path of this site to send somebody on to, from a text that a stranger may have written, such as the argument `next`
 * of a login page. Everything that is not a path beginning with one slash gives `fallback`: URLs with a scheme or a
 * host (`https:evil`, `//evil.example`, `/\evil.example`), control characters, and what becomes such a URL when its dots are
 * resolved, or when somebody on the way decodes it.
 *
 * @example
 * pathOnSite("/notes?page=2"); // "/notes?page=2"
 * pathOnSite("//evil.example", "/home"); // "/home"
 */
export function pathOnSite(target: string | null | undefined, fallback: string = "/"): string {
  if (typeof target !== "string" || !target.startsWith("/") || /[\p{Cc} \\]/u.test(target)) return fallback;
  let [path = ""] = target.split(/[?#]/, 1);
  for (let round = 0; round < decodingsMax; round++) {
    if (!staysOnSite(path)) return fallback;
    const decoded = path.replace(/%([0-7][\da-f])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (decoded === path) return target;
    path = decoded;
  }
  return fallback;
}

/** Whether a browser (WHATWG URL §4.4) makes a path of it that has no second slash at its front. */
function staysOnSite(path: string): boolean {
  if (!URL.canParse(path, site)) return false;
  const { origin, pathname } = new URL(path, site);
  return origin === site && !pathname.startsWith("//");
}
