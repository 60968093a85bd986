import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pathOnSite } from "../../../src/protocol/http/path-on-site.ts";
import { checkProperty } from "../../support/property.ts";

/** What would leave the site, or is no path of it. */
const outside = [
  "",
  "home",
  "./home",
  "?a",
  "#a",
  "https://evil.example",
  "https:evil.example",
  "https:/evil.example",
  "HTTPS:\\\\evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "//evil.example",
  "///evil.example",
  "////evil.example/%2f..",
  "/\\evil.example",
  "\\/evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/\r\n/evil.example",
  "\t//evil.example",
  " //evil.example",
  " /home",
  "/ho me",
  "/home\\..",
  "/home\u0000",
  "/home\u0085",
  "/home\r\nSet-Cookie: a=1",
  "/%2fevil.example",
  "/%2F%2Fevil.example",
  "/%5cevil.example",
  "/%255Cevil.example",
  "/%25252fevil.example",
  "/%09/evil.example",
  "/%0a/evil.example",
  "/%0D%0A/evil.example",
  "%2f%2fevil.example",
  "/.//evil.example",
  "/..//evil.example",
  "/./..//evil.example",
  "/%2e//evil.example",
  "/%2E%2e/%2fevil.example",
  "/.%2e//evil.example",
  "/a/..//evil.example",
  "/a/%2e%2e/%252fevil.example",
  "//",
  `/%${"25".repeat(20)}41`,
];

/** What stays as it is. */
const inside = [
  "/",
  "/home",
  "/home/",
  "/a//b",
  "/a/../b",
  "/./a",
  "/.well-known/x",
  "/...//a",
  "/story/a%2Fb?next=%2F%2Fevil.example#//x",
  "/search?q=https://evil.example",
  "/?next=//evil.example",
  "/@evil.example",
  "/:80",
  "/é/郑",
];

test("what leaves the site becomes the fallback", () => {
  for (const target of outside) {
    assert.equal(pathOnSite(target), "/", JSON.stringify(target));
    assert.equal(pathOnSite(target, "/home"), "/home", JSON.stringify(target));
  }
  for (const target of [null, undefined]) assert.equal(pathOnSite(target, "/home"), "/home");
  assert.equal(pathOnSite(["/a"] as unknown as string), "/");
});

test("a path of this site stays as it is", () => {
  for (const target of inside) assert.equal(pathOnSite(target, "/home"), target);
});

test("whatever passes stays on the site for the standard's parser, also when it is resolved or decoded again", (context) => {
  const pieces = [
    "/",
    "\\",
    ".",
    "..",
    "%2f",
    "%5C",
    "%2e",
    "%25",
    "2f",
    "\t",
    "\n",
    "%0a",
    ":",
    "@",
    "a",
    "?",
    "#",
    " ",
  ];
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => `/${parts.join("")}`);
  checkProperty(
    context,
    fc.property(text, (target) => {
      let path = pathOnSite(target, "/safe");
      const site = "http://site.example";
      for (let round = 0; round < 4; round++) {
        const url = new URL(path, site);
        assert.equal(url.origin, site, `${target} → ${path}`);
        const resolved = url.pathname + url.search + url.hash;
        assert.equal(new URL(resolved, site).origin, site, `${target} → ${path} → ${resolved}`);
        try {
          path = decodeURIComponent(path);
        } catch {
          return;
        }
      }
    }),
    5000,
  );
});
