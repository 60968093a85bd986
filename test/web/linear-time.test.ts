/**
 * What reads a stranger's text takes time that grows with its length, and no faster. Cookies, forms and the bodies of multipart
 * forms have tests of this kind of their own (cookie.test.ts, form.test.ts, multipart-reader.test.ts).
 */
import { suite, test } from "node:test";
import { BodyError } from "../../src/base/body-error.ts";
import { printable, quote } from "../../src/base/text.ts";
import { parseAuthority } from "../../src/protocol/http/authority.ts";
import { negotiateCoding } from "../../src/protocol/http/content-coding.ts";
import { parseDisposition } from "../../src/protocol/http/content-disposition.ts";
import { listMembers, parseExtensions } from "../../src/protocol/http/field-values.ts";
import { resolveForwarded } from "../../src/protocol/http/forwarded.ts";
import { parseMediaType } from "../../src/protocol/http/media-type.ts";
import { parseOrigin } from "../../src/protocol/http/origin.ts";
import { pathOnSite } from "../../src/protocol/http/path-on-site.ts";
import { parseRequestTarget } from "../../src/protocol/http/request-target.ts";
import { parseSessionRequest } from "../../src/protocol/session/request.ts";
import { isAddress } from "../../src/transport/address-list.ts";
import { parseQuery } from "../../src/web/arguments.ts";
import { parseJson } from "../../src/web/body/json.ts";
import { matchesEtag } from "../../src/protocol/http/entity-tag.ts";
import { PathPattern } from "../../src/web/path-pattern.ts";
import { decodeSignedValue } from "../../src/web/signed-value.ts";
import { unmaskXsrfToken } from "../../src/web/xsrf-token.ts";
import { assertLinear } from "../support/growth.ts";

const forwarded = (name: "forwardedFor" | "forwardedProto" | "forwardedHost") => (value: string) =>
  resolveForwarded({
    peerAddress: "127.0.0.1",
    scheme: "http",
    host: { hostname: "localhost", port: undefined },
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    isTrusted: () => true,
    isAddress,
    [name]: value,
  });

const routes = ["/:a/:b/:c/*", "/a/:b/c/:d", "/*", "/:a"].map((pattern) => new PathPattern([pattern]));

/** What reads, and pieces that are repeated between what stands before and behind them. */
const readers: Readonly<
  Record<
    string,
    readonly [
      read: (text: string) => unknown,
      ...texts: readonly (readonly [before: string, piece: string, behind: string])[],
    ]
  >
> = {
  "a query": [
    (text) => parseQuery(text),
    ["", "a=1&", ""],
    ["", "&", ""],
    ["a=", "%41", ""],
    ["a=", "%", ""],
    ["a=", "+", ""],
    ["", "=", ""],
  ],
  "a request target": [
    parseRequestTarget,
    ["/", "a", "#"],
    ["http://", "a", "/#"],
    ["http://", "a.", "?"],
    ["/", "?", ""],
    ["//", "/", ""],
  ],
  "a Host": [
    parseAuthority,
    ["", "a.", "!"],
    ["", "a-", "!"],
    ["", "[", ""],
    ["[", ":", ""],
    ["a", ":", ""],
    ["a:", "1", ""],
  ],
  "an Origin": [
    parseOrigin,
    ["http://", "a.", "!"],
    ["http://", "a", ":x"],
    ["", "http:", ""],
    ["http://", "[", ""],
  ],
  "X-Forwarded-For": [
    forwarded("forwardedFor"),
    ["", "127.0.0.1,", ""],
    ["", ",", ""],
    ["", " ", "a"],
    ["[", "[", ""],
    ["", ":", ""],
    ["", "[::1]:1,", ""],
  ],
  "X-Forwarded-Proto": [forwarded("forwardedProto"), ["", "ws,", ""], ["", " ,", ""], ["", "ws", ""]],
  "X-Forwarded-Host": [forwarded("forwardedHost"), ["", "a,", ""], ["", "a.", "!"], ["", " ,", ""]],
  "Accept-Encoding": [
    (text) => negotiateCoding(text, ["br", "gzip"]),
    ["gzip;q=", " ", "x y"],
    ["gzip;q", " ", "x"],
    ["gzip;", " ", "x"],
    ["gzip", ";q=1", ""],
    ["", "gzip,", ""],
    ["", " ", ","],
    ["gzip;q=0.", "0", "x"],
  ],
  "If-None-Match": [
    (text) => matchesEtag(text, '"other"'),
    ["", '"a", ', ""],
    ["", " ", "x"],
    ["", ",", "x"],
    ["", '"', ""],
    ['"', "a", ""],
    ["", "W/", ""],
    ["", '"a"  ', ""],
  ],
  "a Content-Type": [
    parseMediaType,
    ["text/html", "; a=b", ""],
    ["text/html", ";", ""],
    ["text/html; a=", " ", ""],
    ['text/html; a="', "\\", ""],
    ['text/html; a="', '\\"', ""],
    ["text/html; ", "a", ""],
    ["", "/", ""],
    ["text/html;", " ", "x"],
  ],
  "a Content-Disposition": [
    parseDisposition,
    ['form-data; name="', "%22", '"'],
    ['form-data; name="', "\\\\", '"'],
    ['form-data; name=a; filename="', "/", '"'],
    ['form-data; name=a; filename="', "\xc3\xa9", '"'],
    ["form-data; name=a; filename*=utf-8'", "'", ""],
    ["form-data; name=a; filename*=utf-8''", "%41", ""],
  ],
  "a list": [listMembers, ["", "a,", ""], ["", ",", ""], ["", " ", ""], ["a", " ", "a"]],
  "Sec-WebSocket-Extensions": [
    parseExtensions,
    ["", "a,", ""],
    ["a", ";b", ""],
    ['a;b="', "\\", '"'],
    ["a;b=", " ", "c"],
    ["", " ", "a"],
  ],
  "a path for routes": [
    (text) => routes.map((route) => route.match(text)),
    ["/", "a/", ""],
    ["/", "a", ""],
    ["", "/", ""],
    ["/a/", "/c/", ""],
    ["/", "%41", ""],
    ["/", "%", ""],
  ],
  "a path to go on to": [
    (text) => pathOnSite(text),
    ["/", "a/", ""],
    ["/", "../", ""],
    ["/", "%25", "41"],
    ["/", "%2e%2e/", ""],
    ["/", "?", ""],
  ],
  "a signed value": [
    (text) => decodeSignedValue("secret", "name", text),
    ["2|", "1:0|", ""],
    ["2|1:0|10:1300000000|4:name|", "9", ":a"],
    ["2|", "9", ":"],
    ["", "|", ""],
  ],
  "an XSRF token": [unmaskXsrfToken, ["2|", "a", "|b|1"], ["2|aabbccdd|", "ff", "|1"], ["", "|", ""]],
  "a session's request": [
    parseSessionRequest,
    ["{}", "\n", ""],
    ['{"session":"', "a", '"}'],
    ["", "[", ""],
    ['{"session":"a","seq":1}', '\n"a"', ""],
  ],
  JSON: [
    (text) => refuse(() => parseJson(text, 500)),
    ["", "[", ""],
    ["[", "[],", "1]"],
    ['"', "\\", ""],
    ['"', "[", '"'],
    ["", '"', ""],
  ],
  "what the log shows": [
    (text) => [quote(text), printable(text)],
    ["", '"', ""],
    ["", "\x01", ""],
    ["", "\\", ""],
  ],
};

/** What is wrong with a body is not the subject here. */
function refuse(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
  }
}

suite("the time grows linearly", () => {
  for (const [what, [read, ...texts]] of Object.entries(readers)) {
    test(`for ${what}`, () => {
      for (const [before, piece, behind] of texts) {
        try {
          assertLinear((length) => before + piece.repeat(length / piece.length) + behind, read);
        } catch (error) {
          throw new Error(`${what}: ${quote(piece)} again and again`, { cause: error });
        }
      }
    });
  }
});
