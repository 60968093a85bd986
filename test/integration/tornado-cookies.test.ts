/** One site, half of it Tornado's and half of it ours: a login, its cookies and its forms are valid in both halves. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import type { CookieSecret, Settings } from "../../src/index.ts";
import { createSignedValue, decodeSignedValue, RequestHandler } from "../../src/index.ts";
import { CookieJar } from "../support/cookie-jar.ts";
import { RunningProcess } from "../support/process.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

const skip = skipReason("tornado");
const secret = "It is a secret to everybody";
const nameOfVersion = { 1: "the old key", 2: "the new key" };

class Login extends RequestHandler {
  get() {
    this.setSignedCookie("user", this.getQueryArgument("user"));
    this.setCookie("plain", this.getQueryArgument("plain", "plain"));
  }
}

class WhoAmI extends RequestHandler {
  get() {
    return {
      user: this.getSignedCookie("user"),
      keyVersion: this.getSignedCookieKeyVersion("user"),
      plain: this.getCookie("plain"),
    };
  }
}

class Form extends RequestHandler {
  get() {
    return this.xsrfFormHtml();
  }
  post() {
    return "done";
  }
}

const routes = [
  ["/login", Login],
  ["/whoami", WhoAmI],
  ["/form", Form],
] as const;

async function runTornado(context: TestContext, settings: object): Promise<string> {
  const script = "test/fixtures/servers/tornado_site.py";
  const server = new RunningProcess("/usr/bin/python3", [script, JSON.stringify(settings)]);
  context.after(async () => {
    server.kill("SIGKILL");
    await server.end();
  });
  const [, port] = await server.waitFor(/port (\d+)/);
  return `http://127.0.0.1:${port}`;
}

/** The two halves, with the same settings. */
async function runBoth(
  context: TestContext,
  cookieSecret: CookieSecret = secret,
  keyVersion?: number,
): Promise<{
  readonly tornado: string;
  readonly ours: string;
  readonly log: Parameters<typeof takeWarnings>[0];
}> {
  const settings: Settings = { cookieSecret, keyVersion, xsrfCookies: true };
  const { server, log } = await runApplication(context, routes, settings);
  const tornado = await runTornado(context, {
    cookie_secret: cookieSecret,
    xsrf_cookies: true,
    ...(keyVersion === undefined ? {} : { key_version: keyVersion }),
  });
  return { tornado, ours: server.url, log };
}

/** Has Tornado sign or read a value. */
async function ask(tornado: string, question: object): Promise<string | null> {
  const response = await fetch(`${tornado}/values`, { method: "POST", body: JSON.stringify(question) });
  assert.equal(response.status, 200);
  return ((await response.json()) as { readonly value: string | null }).value;
}

suite("a login", { skip }, () => {
  // Of one, two and three bytes, so that base64 ends in all its ways: Tornado puts quotes around a "=".
  const users = ["a", "ab", "abc", "é", "郑老板", "👍🏽", '"quoted"; a=b, \\', "two\nlines", "100%25", "|:|"];

  test("in Tornado is one here, and the other way round", async (context) => {
    const { tornado, ours } = await runBoth(context);
    for (const [from, to] of [
      [tornado, ours],
      [ours, tornado],
    ] as const) {
      for (const user of users) {
        const jar = new CookieJar();
        const login = await jar.fetch(`${from}/login?user=${encodeURIComponent(user)}`);
        assert.equal(login.status, 200);
        const both = [from, to].map(async (half) => (await jar.fetch(`${half}/whoami`)).json());
        const expected = { user, keyVersion: 0, plain: "plain" };
        assert.deepEqual(await Promise.all(both), [expected, expected], `from ${from}`);
      }
    }
  });

  test("survives a change of keys in both, and ends when the old key is taken out", async (context) => {
    const old = await runBoth(context, nameOfVersion, 1);
    const current = await runBoth(context, nameOfVersion, 2);
    const later = await runBoth(context, { 2: nameOfVersion[2] }, 2);
    for (const from of ["tornado", "ours"] as const) {
      const jar = new CookieJar();
      await jar.fetch(`${old[from]}/login?user=ada`);
      const byOld = { user: "ada", keyVersion: 1, plain: "plain" };
      for (const half of [old.tornado, old.ours, current.tornado, current.ours]) {
        assert.deepEqual(await (await jar.fetch(`${half}/whoami`)).json(), byOld);
      }
      for (const half of [later.tornado, later.ours]) {
        assert.deepEqual(await (await jar.fetch(`${half}/whoami`)).json(), { ...byOld, user: null });
      }
      await jar.fetch(`${current[from]}/login?user=ada`);
      for (const half of [current.tornado, current.ours, later.tornado, later.ours]) {
        assert.deepEqual(await (await jar.fetch(`${half}/whoami`)).json(), { ...byOld, keyVersion: 2 });
      }
    }
  });

  test("that was changed on the way is none in either", async (context) => {
    const { tornado, ours } = await runBoth(context);
    for (const from of [tornado, ours]) {
      const jar = new CookieJar();
      await jar.fetch(`${from}/login?user=ada`);
      const value = jar.get("user");
      const changes = [
        value.replace("YWRh", "YWRi"),
        value.replace("4:user", "4:boss"),
        value.replace(/\|10:1/, "|10:2"),
        value.replace("1:0", "1:1"),
        `${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}`,
        value.slice(0, -1),
        `${value}0`,
        value.slice(2),
        value.replace(/^2/, "1"),
        value.replace(/^2/, "3"),
      ];
      for (const changed of changes) {
        assert.notEqual(changed, value);
        jar.set("user", changed);
        for (const half of [tornado, ours]) {
          const { user } = (await (await jar.fetch(`${half}/whoami`)).json()) as { readonly user: unknown };
          assert.equal(user, null, changed);
        }
      }
    }
  });
});

suite("a plain cookie", { skip }, () => {
  test("of Tornado is read here, also where Python puts it in quotes", async (context) => {
    const { tornado, ours } = await runBoth(context);
    for (const plain of ["a=b", 'say "hi"', "a;b", "a,b", "back\\slash", "été", "50%", "{}[]()<>@/?"]) {
      const jar = new CookieJar();
      const path = `/login?user=a&plain=${encodeURIComponent(plain)}`;
      const login = await jar.fetch(`${tornado}${path}`);
      // Tornado refuses white space and control characters itself.
      if (plain.includes(" ")) assert.equal(login.status, 500);
      else
        assert.equal(((await (await jar.fetch(`${ours}/whoami`)).json()) as { plain: unknown }).plain, plain);
    }
  });

  test("of ours is read by Tornado as it stands on the wire: percent-encoded where it is not ASCII", async (context) => {
    const { tornado, ours } = await runBoth(context);
    for (const [plain, read] of [
      ["a=b/c?d", "a=b/c?d"],
      ["été", "%C3%A9t%C3%A9"],
    ] as const) {
      const jar = new CookieJar();
      await jar.fetch(`${ours}/login?user=a&plain=${encodeURIComponent(plain)}`);
      const there = (await (await jar.fetch(`${tornado}/whoami`)).json()) as { plain: unknown };
      assert.equal(there.plain, read);
    }
  });
});

suite("a signed value", { skip }, () => {
  const day = 86_400;
  const then = 1_700_000_000;

  test("ends at the same second, and may be of the same future", async (context) => {
    const tornado = await runTornado(context, { cookie_secret: secret });
    const name = "user";
    for (const version of [1, 2] as const) {
      const signed = await ask(tornado, { verb: "sign", name, value: "ada", seconds: then, version });
      if (version === 2) {
        assert.equal(createSignedValue(secret, name, "ada", { clock: () => then * 1000 }), signed);
      }
      for (const age of [
        0,
        1,
        day,
        31 * day,
        31 * day + 1,
        99 * day,
        -1,
        -31 * day,
        -31 * day - 1,
        -99 * day,
      ]) {
        for (const maxAgeDays of [0, 1, 31, 1000]) {
          const seconds = then + age;
          const question = { verb: "decode", name, value: signed, seconds, maxAgeDays, minVersion: version };
          const clock = (): number => seconds * 1000;
          const here = decodeSignedValue(secret, name, signed, { maxAgeDays, clock, minVersion: version });
          assert.equal(
            here,
            await ask(tornado, question),
            `version ${version}, ${age} s, ${maxAgeDays} days`,
          );
        }
      }
    }
  });

  test("of version 1 is read by Tornado unasked, and here by who asks for it", async (context) => {
    const tornado = await runTornado(context, { cookie_secret: secret });
    const signed = await ask(tornado, { verb: "sign", name: "user", value: "é", seconds: then, version: 1 });
    const question = { verb: "decode", name: "user", value: signed, seconds: then, maxAgeDays: 31 };
    assert.equal(await ask(tornado, question), "é");
    const clock = (): number => then * 1000;
    assert.equal(decodeSignedValue(secret, "user", signed, { clock }), null);
    assert.equal(decodeSignedValue(secret, "user", signed, { clock, minVersion: 1 }), "é");
  });
});

suite("a form", { skip }, () => {
  const tokenIn = (html: string): string => /name="_xsrf" value="([^"]+)"/.exec(html)?.[1] ?? "";

  test("of either half can be sent to both, by a browser that says nothing of itself", async (context) => {
    const { tornado, ours } = await runBoth(context);
    for (const from of [tornado, ours]) {
      const jar = new CookieJar();
      const html = await (await jar.fetch(`${from}/form`)).text();
      const token = tokenIn(html);
      // Both write the same field, but for the token.
      assert.equal(html, `<input type="hidden" name="_xsrf" value="${token}"/>`);
      for (const half of [tornado, ours]) {
        // Another mask of the same token, where the cookie is there.
        const again = tokenIn(await (await jar.fetch(`${half}/form`)).text());
        assert.notEqual(again, token);
        for (const shown of [token, again, jar.get("_xsrf")]) {
          for (const name of ["X-Xsrftoken", "X-Csrftoken"]) {
            const sent = await jar.fetch(`${half}/form`, { method: "POST", headers: { [name]: shown } });
            assert.equal(await sent.text(), "done", `from ${from} to ${half}`);
          }
        }
      }
      const multipart = new FormData();
      multipart.set("_xsrf", token);
      for (const half of [tornado, ours]) {
        for (const body of [new URLSearchParams({ _xsrf: token }), multipart]) {
          const sent = await jar.fetch(`${half}/form`, { method: "POST", body });
          assert.equal(await sent.text(), "done", `from ${from} to ${half}`);
        }
      }
    }
  });

  test("with the token of somebody else, or none, is refused by both", async (context) => {
    const { tornado, ours, log } = await runBoth(context);
    const [jar, other] = [new CookieJar(), new CookieJar()];
    for (const each of [jar, other]) await each.fetch(`${ours}/form`);
    const wrong = ["", "nonsense", other.get("_xsrf"), jar.get("_xsrf").replace(/^2/, "3"), "2|00000000||1"];
    for (const shown of wrong) {
      for (const half of [tornado, ours]) {
        const sent = await jar.fetch(`${half}/form`, { method: "POST", headers: { "X-Xsrftoken": shown } });
        assert.equal(sent.status, 403, shown);
        await sent.text();
      }
    }
    await takeWarnings(log);
  });
});
