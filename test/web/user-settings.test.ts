import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveSettings } from "../../src/web/settings.ts";
import { settingRefusal } from "../support/settings.ts";

test("one secret, or several with the version that signs", () => {
  assert.equal(resolveSettings({ cookieSecret: "a secret" }).users.secret, "a secret");
  const rotated = { cookieSecret: { 0: "zero", 7: "seven" }, keyVersion: 7 };
  assert.equal(resolveSettings(rotated).users.keyVersion, 7);
  // What an environment variable is that nobody has set.
  assert.equal(resolveSettings({ cookieSecret: undefined }).users.secret, undefined);
});

test("what is no secret is refused, and not shown", () => {
  const wrong = [
    "",
    5,
    true,
    null,
    {},
    { 1: "" },
    { 1: 5 },
    { one: "a" },
    { "01": "a" },
    { 1.5: "a" },
    ["", "hidden"],
  ];
  for (const cookieSecret of wrong) {
    const message = settingRefusal({ cookieSecret, keyVersion: 1 });
    assert.match(message, /^setting cookieSecret must be a long random text, or such texts by version/);
    assert.doesNotMatch(message, /hidden/);
  }
});

test("the version that signs is one of those that there are", () => {
  assert.match(settingRefusal({ keyVersion: 1 }), /^setting keyVersion must be left out/);
  assert.match(
    settingRefusal({ cookieSecret: "hidden", keyVersion: 1 }),
    /^setting keyVersion must be left out/,
  );
  for (const keyVersion of [undefined, 3, "1", "hasOwnProperty"]) {
    const message = settingRefusal({ cookieSecret: { 1: "hidden", 2: "hidden" }, keyVersion });
    assert.match(message, /^setting keyVersion must be one of the versions of cookieSecret \(1, 2\)/);
    assert.doesNotMatch(message, /hidden/);
  }
});

test("a login is at some URL", () => {
  assert.equal(resolveSettings({ loginUrl: "/login" }).users.loginUrl, "/login");
  assert.equal(resolveSettings({ loginUrl: "HTTPS://id.example/" }).users.loginUrl, "HTTPS://id.example/");
  for (const loginUrl of ["", 5, null, "login", "javascript:alert(1)"])
    assert.match(settingRefusal({ loginUrl }), /^setting loginUrl must be a path/);
});

test("the XSRF cookie is one that can be set", () => {
  const xsrf = { xsrfCookies: true, xsrfCookieName: "__Host-xsrf", xsrfCookieOptions: { httpOnly: true } };
  assert.deepEqual(resolveSettings(xsrf).users.xsrf, {
    isChecked: true,
    cookieName: "__Host-xsrf",
    cookieOptions: { httpOnly: true },
  });
  assert.match(settingRefusal({ xsrfCookies: "yes" }), /^setting xsrfCookies must be true or false/);
  assert.match(settingRefusal({ xsrfCookieOptions: 5 }), /^setting xsrfCookieOptions must be an object/);
  assert.match(settingRefusal({ xsrfCookieOptions: null }), /^setting xsrfCookieOptions must be an object/);
  const unknown = settingRefusal({ xsrfCookieOptions: { httponly: true } }, "SETTING_UNKNOWN");
  assert.match(unknown, /there is no setting xsrfCookieOptions\.httponly \(there are: .*httpOnly/);
  assert.match(settingRefusal({ xsrfCookieName: "a b" }), /a name has letters, digits/);
  assert.match(settingRefusal({ xsrfCookieName: 5 }), /a name has letters, digits/);
  assert.match(settingRefusal({ xsrfCookieOptions: { path: "x" } }), /its path must begin with/);
});
