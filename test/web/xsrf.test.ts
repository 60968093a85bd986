import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Settings } from "../../src/index.ts";
import { RequestHandler } from "../../src/index.ts";
import { multipart, multipartType, post } from "../support/bodies.ts";
import type { RawResponse } from "../support/raw-http.ts";
import { get, request } from "../support/raw-http.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

const served: string[] = [];

class Form extends RequestHandler {
  get() {
    return this.xsrfFormHtml();
  }
  post() {
    served.push("post");
    return "done";
  }
  put() {
    return this.post();
  }
  patch() {
    return this.post();
  }
  delete() {
    return this.post();
  }
  options() {
    return "options";
  }
}

/** A handler that reads its forms itself, as they come. */
class Streaming extends Form {
  static override readonly streamRequestBody = true;
}

class Webhook extends Form {
  override checkXsrfCookie() {}
}

class Careful extends Form {
  override async checkXsrfCookie() {
    await super.checkXsrfCookie();
    this.setHeader("X-Checked", "yes");
  }
}

const routes = [
  ["/", Form],
  ["/streaming", Streaming],
  ["/webhook", Webhook],
  ["/careful", Careful],
] as const;
const own = "http://app.example";

function run(context: Parameters<typeof runApplication>[0], settings: Settings = {}): Promise<Running> {
  return runApplication(context, routes, {
    xsrfCookies: true,
    allowedHosts: ["app.example", "localhost"],
    debug: true,
    ...settings,
  });
}

function send(running: Running, lines: readonly string[], method = "POST", path = "/"): Promise<RawResponse> {
  return request(running.server, method, path, ["Host: app.example", "Content-Length: 0", ...lines]);
}

const urlencodedType = "application/x-www-form-urlencoded";

/** Forms of both kinds that have a token in their field. */
function formsWith(shown: string): [type: string, body: string | Uint8Array][] {
  return [
    [urlencodedType, new URLSearchParams({ name: "ada", _xsrf: shown }).toString()],
    [multipartType, multipart([{ name: "_xsrf", content: shown }])],
  ];
}

function sendForm(
  { server }: Running,
  type: string,
  body: string | Uint8Array,
  cookie: string,
  path = "/",
): Promise<RawResponse> {
  return post(server, path, type, body, [`Cookie: _xsrf=${cookie}`, "Connection: close"]);
}

/** The whole reason is in the answer, in debug mode; the log has it once a minute. */
async function expectRefusal(running: Running, response: RawResponse, words: RegExp): Promise<void> {
  assert.equal(response.status, 403);
  assert.match(response.text, /^403: Forbidden\nXSRF_REFUSED: /);
  assert.match(response.text, words);
  await running.log.expect(/^403 \w+ \//);
  await takeWarnings(running.log);
}

/** A token, and the cookie that belongs to it. */
async function token(
  running: Running,
  lines: readonly string[] = [],
): Promise<[token: string, cookie: string]> {
  const response = await get(running.server, "/", ["Host: app.example", ...lines]);
  const shown = /^<input type="hidden" name="_xsrf" value="([^"]+)"\/>$/.exec(response.text)?.[1] ?? "";
  const cookie = /^_xsrf=([^;]+)/.exec(response.header("set-cookie") ?? "")?.[1] ?? "";
  return [shown, cookie];
}

suite("what the browser says of the page decides", () => {
  test("its own pages pass, by either header field", async (context) => {
    const running = await run(context, { allowedOrigins: ["https://other.example"] });
    for (const lines of [
      ["Sec-Fetch-Site: same-origin"],
      ["Sec-Fetch-Site: same-origin", `Origin: ${own}`],
      ["Sec-Fetch-Site: same-origin", "Origin: null"],
      ["Sec-Fetch-Site: none"],
      [`Origin: ${own}`],
      ["Origin: HTTP://APP.example:80"],
      // A page that ends TLS in front of this server.
      ["Origin: https://app.example"],
      ["Origin: https://other.example"],
      ["Sec-Fetch-Site: cross-site", "Origin: https://other.example"],
      // No token is looked at then.
      [`Origin: ${own}`, "X-Xsrftoken: nonsense"],
    ]) {
      assert.equal((await send(running, lines)).text, "done", lines.join());
    }
  });

  test("pages of other sites do not, whatever token they have", async (context) => {
    const running = await run(context);
    const [shown, cookie] = await token(running);
    const good = [`X-Xsrftoken: ${shown}`, `Cookie: _xsrf=${cookie}`];
    served.length = 0;
    for (const lines of [
      ["Sec-Fetch-Site: cross-site"],
      ["Sec-Fetch-Site: same-site"],
      ["Sec-Fetch-Site: cross-site", "Origin: null"],
      ["Sec-Fetch-Site: cross-site", "Origin: http://evil.example"],
      ["Sec-Fetch-Site: same-site", "Origin: http://sub.app.example"],
      ["Sec-Fetch-Site: SAME-ORIGIN"],
      ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
      ["Sec-Fetch-Site: "],
      ["Sec-Fetch-Site: something-new"],
      ["Origin: http://evil.example"],
      ["Origin: http://app.example.evil.example"],
      ["Origin: http://app.example:8080"],
      ["Origin: http://app.example/"],
      [`Origin: ${own}, http://evil.example`],
      ["Origin: "],
    ]) {
      for (const more of [[], good]) {
        const response = await send(running, [...lines, ...more]);
        await expectRefusal(running, response, /the page that sent it is of another site \(.*same origin is/);
      }
    }
    assert.deepEqual(served, []);
  });

  test("the log says what was seen, and which setting allows it; the client no more than that it is refused", async (context) => {
    const running = await run(context, { debug: false });
    const lines = ["Sec-Fetch-Site: cross-site", "Origin: https://other.example"];
    const { text } = await send(running, lines);
    assert.equal(
      text,
      "403: Forbidden\nXSRF_REFUSED: The request is not shown to come from a page of this site.\n",
    );
    await running.log.expect(/^403 POST/);
    await running.log.expect(
      /^XSRF_REFUSED {2}POST \/ is not shown to come from a page of this site: the page that sent it is of another site \(Origin "https:\/\/other\.example", Sec-Fetch-Site "cross-site"; same origin is http:\/\/app\.example\)\.\n.*allowedOrigins: \["https:\/\/other\.example"\]/,
    );
    await send(running, ["Sec-Fetch-Site: cross-site"]);
    await running.log.expect(/^403 POST/);
    await running.log.expect(
      /\(Sec-Fetch-Site "cross-site"; .*\n.*To allow it: override checkXsrfCookie\(\)\./,
    );
  });
});

suite("where the browser says nothing the token decides", () => {
  test("a token with its cookie passes, in either header field or the form", async (context) => {
    const running = await run(context);
    const [shown, cookie] = await token(running);
    assert.equal(shown, cookie);
    const [again] = await token(running, [`Cookie: _xsrf=${cookie}`]);
    assert.notEqual(again, shown, "the mask is another one");
    for (const each of [shown, again]) {
      for (const name of ["X-Xsrftoken", "X-CSRFToken"]) {
        const lines = [`Cookie: _xsrf=${cookie}`, `${name}: ${each}`];
        assert.equal((await send(running, lines)).text, "done");
        assert.equal((await send(running, ["Origin: null", ...lines])).text, "done");
      }
      for (const [type, body] of formsWith(each)) {
        assert.equal((await sendForm(running, type, body, cookie)).text, "done", type);
      }
    }
  });

  test("a form with the token of somebody else, or none, is refused, and so is one that is streamed", async (context) => {
    const running = await run(context);
    const [shown, cookie] = await token(running);
    const [foreign] = await token(running);
    for (const [type, body] of formsWith(foreign)) {
      await expectRefusal(running, await sendForm(running, type, body, cookie), /its token is not that of/);
    }
    for (const [type, body] of formsWith("")) {
      await expectRefusal(running, await sendForm(running, type, body, cookie), /it has no token either/);
    }
    for (const [type, body] of formsWith(shown)) {
      const response = await sendForm(running, type, body, cookie, "/streaming");
      await expectRefusal(running, response, /it has no token either/);
    }
    const body = `_xsrf=nonsense&_xsrf=${encodeURIComponent(shown)}`;
    assert.equal((await sendForm(running, urlencodedType, body, cookie)).text, "done", "the last wins");
  });

  test("a form that is none is refused as such", async (context) => {
    const running = await run(context);
    const [, cookie] = await token(running);
    const response = await sendForm(running, multipartType, "nonsense", cookie);
    assert.equal(response.status, 400);
    assert.match(response.text, /FORM_INVALID/);
    await running.log.expect(/^400 POST/);
    await running.log.expect(/^FORM_INVALID/);
  });

  test("without one, with another one, or without its cookie it is refused, and the log says which", async (context) => {
    const running = await run(context);
    const [shown, cookie] = await token(running);
    const [foreign] = await token(running);
    const cases: [lines: string[], words: RegExp][] = [
      [[], /it says neither Origin nor Sec-Fetch-Site, and it has no token either\n.*xsrfFormHtml\(\)/],
      [["Origin: null"], /it has no token either/],
      [[`Cookie: _xsrf=${cookie}`], /it has no token either/],
      [[`Cookie: _xsrf=${cookie}`, "X-Xsrftoken: "], /it has no token either/],
      [[`X-Xsrftoken: ${shown}`], /it has a token, but no cookie _xsrf with one/],
      [[`X-Xsrftoken: ${shown}`, "Cookie: _xsrf=nonsense"], /but no cookie _xsrf with one/],
      [
        [`Cookie: _xsrf=${cookie}`, "X-Xsrftoken: nonsense"],
        /its token has not the form 2\|mask\|token\|time\n/,
      ],
      [[`Cookie: _xsrf=${cookie}`, `X-Xsrftoken: ${foreign}`], /its token is not that of its cookie _xsrf/],
      [["Cookie: _xsrf=", "X-Xsrftoken: "], /it has no token either/],
    ];
    for (const [lines, words] of cases) await expectRefusal(running, await send(running, lines), words);
    // Not in the URL, which is written down in many places.
    const path = `/?_xsrf=${encodeURIComponent(shown)}`;
    await expectRefusal(running, await send(running, [`Cookie: _xsrf=${cookie}`], "POST", path), /no token/);
  });

  test("the cookie is set once, as the settings say", async (context) => {
    const running = await run(context, {
      xsrfCookieName: "__Host-x",
      xsrfCookieOptions: { httpOnly: true, sameSite: "strict" },
    });
    const { header } = await get(running.server, "/", ["Host: app.example"]);
    const cookie = /^__Host-x=([^;]+); Path=\/; HttpOnly; Secure; SameSite=Strict$/.exec(
      header("set-cookie") ?? "",
    )?.[1];
    assert.ok(cookie, header("set-cookie"));
    const again = await get(running.server, "/", ["Host: app.example", `Cookie: __Host-x=${cookie}`]);
    assert.equal(again.header("set-cookie"), undefined);
    assert.match(again.text, /name="_xsrf"/);
    const lines = [`Cookie: __Host-x=${cookie}`, `X-Xsrftoken: ${cookie}`];
    assert.equal((await send(running, lines)).text, "done");
  });

  test("it lives as long as a login where somebody is logged in", async (context) => {
    class LoggedIn extends Form {
      override getCurrentUser() {
        return "ada";
      }
    }
    const { server } = await runApplication(context, [
      ["/", LoggedIn],
      ["/anonymous", Form],
    ]);
    assert.match((await get(server, "/")).header("set-cookie") ?? "", /; Expires=/);
    assert.doesNotMatch((await get(server, "/anonymous")).header("set-cookie") ?? "", /; Expires=/);
  });
});

suite("which requests are checked", () => {
  test("all that may change something, and no others", async (context) => {
    const running = await run(context);
    const evil = ["Sec-Fetch-Site: cross-site", "Origin: http://evil.example"];
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      await expectRefusal(running, await send(running, evil, method), /another site/);
    }
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      assert.equal((await request(running.server, method, "/", ["Host: app.example", ...evil])).status, 200);
    }
  });

  test("custom methods as well, also those that are said to change nothing", async (context) => {
    class Collection extends Form {
      static override readonly customMethods = ["PROPFIND", "MKCOL", "TRACE"];
      propfind() {
        return this.post();
      }
      mkcol() {
        return this.post();
      }
      trace() {
        return this.post();
      }
    }
    const running = await runApplication(context, [["/", Collection]], { xsrfCookies: true, debug: true });
    served.length = 0;
    for (const method of Collection.customMethods) {
      const refused = await request(running.server, method, "/", ["Origin: http://evil.example"]);
      await expectRefusal(running, refused, /another site/);
      const bare = await request(running.server, method, "/");
      await expectRefusal(running, bare, /it has no token either/);
      assert.deepEqual(served, []);
      const line = "Origin: http://localhost";
      assert.equal((await request(running.server, method, "/", [line])).text, "done");
      served.length = 0;
    }
  });

  test("none without the setting", async (context) => {
    const running = await run(context, { xsrfCookies: false });
    assert.equal((await send(running, ["Origin: http://evil.example"])).text, "done");
  });

  test("none of a handler that overrides the check, which may also add to it", async (context) => {
    const running = await run(context);
    const evil = ["Origin: http://evil.example"];
    assert.equal((await send(running, evil, "POST", "/webhook")).text, "done");
    const careful = await send(running, [`Origin: ${own}`], "POST", "/careful");
    assert.equal(careful.header("x-checked"), "yes");
    await expectRefusal(running, await send(running, evil, "POST", "/careful"), /another site/);
  });

  test("before the user is looked up and anything is prepared", async (context) => {
    const called: string[] = [];
    class Order extends RequestHandler {
      override initialize() {
        called.push("initialize");
      }
      override checkXsrfCookie() {
        called.push("checkXsrfCookie");
      }
      override async getCurrentUser() {
        called.push("getCurrentUser");
        return Promise.resolve("ada");
      }
      override prepare() {
        called.push(`prepare ${String(this.currentUser)}`);
      }
      post() {
        called.push("post");
      }
    }
    const { server } = await runApplication(context, [["/", Order]], { xsrfCookies: true });
    await request(server, "POST", "/", ["Content-Length: 0"]);
    assert.deepEqual(called, ["initialize", "checkXsrfCookie", "getCurrentUser", "prepare ada", "post"]);
  });
});
