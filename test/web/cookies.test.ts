import assert from "node:assert/strict";
import { test } from "node:test";
import type { CookieOptions } from "../../src/index.ts";
import { HttpError, RequestHandler, WaterspoutError } from "../../src/index.ts";
import { certificate, trust } from "../support/certificate.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import type { RawResponse } from "../support/raw-http.ts";
import { exchange, get, request, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

function cookiesOf(response: RawResponse): readonly string[] {
  return response.headers.get("set-cookie") ?? [];
}

test("a handler reads the cookies that came", async (context) => {
  const server = await serveRoutes(context, log, [
    [
      "/",
      page((handler) => ({
        all: Object.fromEntries(handler.cookies),
        a: handler.getCookie("a"),
        missing: handler.getCookie("missing"),
        fallback: handler.getCookie("missing", "other"),
        empty: handler.getCookie("empty", "other"),
      })),
    ],
  ]);
  const { text } = await get(server, "/", ["Cookie: a=%C3%A9; b=2", "Cookie: empty=; a=later"]);
  assert.deepEqual(JSON.parse(text), {
    all: { a: "é", b: "2", empty: "" },
    a: "é",
    missing: null,
    fallback: "other",
    empty: "",
  });
  const none = JSON.parse((await get(server, "/")).text) as { readonly all: object };
  assert.deepEqual(none.all, {});
});

test("a request may bring a thousand cookies", async (context) => {
  const server = await serveRoutes(context, log, [["/", page((handler) => String(handler.cookies.size))]]);
  const cookies = Array.from({ length: 1000 }, (_, at) => `c${at}=${at}`).join("; ");
  assert.equal((await get(server, "/", [`Cookie: ${cookies}`])).text, "1000");
});

test("each cookie that is set has a field of its own, and setting it again replaces it", async (context) => {
  const server = await serveRoutes(context, log, [
    [
      "/",
      page((handler) => {
        handler.setHeader("Set-Cookie", ["raw=1", "raw2=2"]);
        handler.setCookie("a", "first");
        handler.setCookie("b", "2", {
          path: "/b",
          maxAge: 60,
          secure: true,
          httpOnly: true,
          sameSite: "strict",
        });
        handler.setCookie("a", "second", { sameSite: false });
        // Another cookie for a browser, though its name is the same.
        handler.setCookie("a", "3", { path: "/sub" });
        for (const [value, domain] of [
          ["4", "Example.com"],
          ["5", "example.com"],
        ] as const)
          handler.setCookie("a", value, { domain });
      }),
    ],
    [
      "/response",
      page((handler) => {
        handler.setCookie("a", "1");
        return new Response("", { headers: { "Set-Cookie": "b=2" } });
      }),
    ],
    [
      "/redirect",
      page((handler) => {
        handler.setCookie("a", "1");
        handler.redirect("/");
      }),
    ],
  ]);
  assert.deepEqual(cookiesOf(await get(server, "/")), [
    "raw=1",
    "raw2=2",
    "b=2; Max-Age=60; Path=/b; HttpOnly; Secure; SameSite=Strict",
    "a=second; Path=/",
    "a=3; Path=/sub; SameSite=Lax",
    "a=5; Domain=example.com; Path=/; SameSite=Lax",
  ]);
  assert.deepEqual(cookiesOf(await get(server, "/response")), ["b=2", "a=1; Path=/; SameSite=Lax"]);
  assert.deepEqual(cookiesOf(await get(server, "/redirect")), ["a=1; Path=/; SameSite=Lax"]);
});

test("over TLS cookies are secure, unless a handler does not want it", async (context) => {
  const set = page((handler) => {
    handler.setCookie("a", "1");
    handler.setCookie("b", "1", { secure: false });
  });
  const server = await serveRoutes(context, log, [["/", set]], {}, { tls: certificate });
  const response = await exchange(server.port, requestText("GET", "/"), { tls: trust });
  assert.deepEqual(cookiesOf(response), ["a=1; Path=/; Secure; SameSite=Lax", "b=1; Path=/; SameSite=Lax"]);
});

test("what browsers take over TLS only is secure by itself", async (context) => {
  const set = page((handler) => {
    handler.setCookie("a", "1", { sameSite: "none" });
    handler.setCookie("b", "1", { partitioned: true });
    handler.setCookie("__Host-c", "1");
    handler.setCookie("__Secure-d", "1", { domain: "example.com" });
  });
  const server = await serveRoutes(context, log, [["/", set]]);
  assert.deepEqual(cookiesOf(await get(server, "/")), [
    "a=1; Path=/; Secure; SameSite=None",
    "b=1; Path=/; Secure; Partitioned; SameSite=Lax",
    "__Host-c=1; Path=/; Secure; SameSite=Lax",
    "__Secure-d=1; Domain=example.com; Path=/; Secure; SameSite=Lax",
  ]);
});

test("the days that a cookie lives are counted from now", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/", page((handler) => handler.setCookie("a", "1", { expiresDays: 2 }))],
  ]);
  const before = Math.floor(Date.now() / 1000) * 1000;
  const [field = ""] = cookiesOf(await get(server, "/"));
  const expires = Date.parse(/Expires=([^;]+)/.exec(field)?.[1] ?? "");
  assert.ok(expires >= before + 2 * 86_400_000 && expires <= Date.now() + 2 * 86_400_000, field);
});

test("a cookie is cleared with its path and domain, and all that came can be", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/one", page((handler) => handler.clearCookie("__Host-a"))],
    ["/other", page((handler) => handler.clearCookie("a", { path: "/x", domain: "example.com" }))],
    ["/all", page((handler) => handler.clearAllCookies({ path: "/x" }))],
  ]);
  const past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
  assert.deepEqual(cookiesOf(await get(server, "/one")), [
    `__Host-a=; Max-Age=0; Path=/; ${past}; Secure; SameSite=Lax`,
  ]);
  assert.deepEqual(cookiesOf(await get(server, "/other")), [
    `a=; Max-Age=0; Domain=example.com; Path=/x; ${past}; SameSite=Lax`,
  ]);
  const all = await get(server, "/all", ["Cookie: a=1; odd name=2; b=3"]);
  assert.deepEqual(
    cookiesOf(all),
    ["a", "b"].map((name) => `${name}=; Max-Age=0; Path=/x; ${past}; SameSite=Lax`),
  );
});

test("what a client sends cannot make the clearing of all cookies fail, and a mistake in its options is always noticed", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/", page((handler) => handler.clearAllCookies())],
    ["/path", page((handler) => handler.clearAllCookies({ path: "/x" }))],
    ["/mistake", page((handler) => handler.clearAllCookies({ path: "x" }))],
  ]);
  const sent = `Cookie: ${"n".repeat(5000)}=1; odd name=2; __Host-a=3; __Secure-b=4; c=5`;
  const namesOf = (response: RawResponse): string[] =>
    cookiesOf(response).map((each) => each.split("=", 1).join());
  assert.deepEqual(namesOf(await get(server, "/", [sent])), ["__Host-a", "__Secure-b", "c"]);
  // One with this prefix cannot have been set with another path.
  assert.deepEqual(namesOf(await get(server, "/path", [sent])), ["__Secure-b", "c"]);
  assert.equal((await get(server, "/mistake")).status, 500);
  await log.expect(/COOKIE_INVALID|cookie of any name cannot be set: its path must begin with "\/"/);
  await log.expect(/^500 GET \/mistake/);
});

test("what cannot be a cookie is a mistake of the program, and its value is not shown", async (context) => {
  const mistakes: [unknown, unknown, CookieOptions][] = [
    ["a;b", "1", {}],
    ["a\r\nX: 1", "1", {}],
    ["a", "secret; HttpOnly", {}],
    ["a", "secret\r\nX: 1", {}],
    ["a", "1", { domain: "x; Secure" }],
    ["a", "1", { path: "/\r\n" }],
    ["a", "1", { expiresDays: Number.NaN }],
    ["a", "1", { sameSite: "none", secure: false }],
    ["a", null, {}],
    [7, "1", {}],
  ];
  const server = await serveRoutes(context, log, [
    [
      "/",
      page((handler) =>
        mistakes.map(([name, value, options]) => {
          try {
            handler.setCookie(name as string, value as string, options);
            return "set";
          } catch (error) {
            assert.ok(error instanceof WaterspoutError);
            assert.equal(error.code, "COOKIE_INVALID");
            return error.message;
          }
        }),
      ),
    ],
  ]);
  const response = await get(server, "/");
  const messages = JSON.parse(response.text) as string[];
  for (const message of messages) {
    assert.match(message, /^cookie .* cannot be set: .+/);
    assert.doesNotMatch(message, /secret/);
  }
  assert.deepEqual(cookiesOf(response), []);
});

test("after the response cookies are too late", async (context) => {
  const codes: unknown[] = [];
  class Late extends RequestHandler {
    async get() {
      await this.finish("done");
      for (const late of [() => this.setCookie("a", "1"), () => this.clearAllCookies()]) {
        try {
          late();
        } catch (error) {
          codes.push(error instanceof WaterspoutError && error.code);
        }
      }
    }
  }
  const server = await serveRoutes(context, log, [["/", Late]]);
  assert.deepEqual(cookiesOf(await get(server, "/", ["Cookie: a=1"])), []);
  assert.deepEqual(codes, ["HEADERS_SENT", "HEADERS_SENT"]);
});

test("signed cookies come back, changed ones do not", async (context) => {
  class Signed extends RequestHandler {
    get() {
      this.setSignedCookie("user", "é; ada\n");
      this.setSignedCookie("session", "1", { expiresDays: null, httpOnly: false });
      this.setSignedCookie("short", "1", { maxAge: 60 });
    }
    post() {
      return {
        user: this.getSignedCookie("user"),
        asOther: this.getSignedCookie("other"),
        other: this.getSignedCookie("user", { value: this.createSignedValue("user", "x") }),
        keyVersion: this.getSignedCookieKeyVersion("user"),
        noVersion: this.getSignedCookieKeyVersion("other"),
      };
    }
  }
  const server = await serveRoutes(context, log, [["/", Signed]], {
    cookieSecret: { 3: "three", 4: "four" },
    keyVersion: 4,
  });
  const [user = "", session = "", short = ""] = cookiesOf(await get(server, "/"));
  assert.match(user, /^user=2\|1:4\|10:\d+\|4:user\|\S+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
  assert.match(session, /^session=\S+; Path=\/; SameSite=Lax$/);
  assert.match(short, /^short=\S+; Max-Age=60; Path=\/; HttpOnly; SameSite=Lax$/);
  const pair = user.slice(0, user.indexOf(";"));
  const read = async (cookie: string): Promise<Record<string, unknown>> => {
    const response = await request(server, "POST", "/", [`Cookie: ${cookie}`, "Content-Length: 0"]);
    return JSON.parse(response.text) as Record<string, unknown>;
  };
  const result = await read(pair);
  assert.equal(result["user"], "é; ada\n");
  assert.deepEqual(
    [result["asOther"], result["other"], result["keyVersion"], result["noVersion"]],
    [null, "x", 4, null],
  );
  assert.equal((await read(`${pair.slice(0, -1)}x`))["user"], null);
  assert.equal((await read(pair.replace("user=", "other=")))["asOther"], null);
});

test("without a secret nothing can be signed, and the error says what is missing", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/", page((handler) => handler.setSignedCookie("user", "ada"))],
    ["/read", page((handler) => handler.getSignedCookie("user"))],
  ]);
  for (const path of ["/", "/read"]) {
    assert.equal((await get(server, path)).status, 500);
    await log.expect(/^500 GET/);
    await log.expect(/SETTING_MISSING|needs the setting cookieSecret/);
  }
});

test("an error page has the cookies of the handler that failed, also where its own page fails", async (context) => {
  const failing = (error: Error): (() => never) => {
    return () => {
      throw error;
    };
  };
  const refuse = (handler: RequestHandler): never => {
    handler.setCookie("a", "1");
    handler.setHeader("X-Story", "1");
    return failing(new HttpError(403))();
  };
  class Clumsy extends RequestHandler {
    get() {
      return refuse(this);
    }
    override writeError() {
      return failing(new Error("no page"))();
    }
  }
  const server = await serveRoutes(context, log, [
    ["/", page(refuse)],
    ["/clumsy", Clumsy],
  ]);
  for (const path of ["/", "/clumsy"]) {
    const response = await get(server, path);
    assert.deepEqual([response.status, response.header("x-story")], [403, undefined]);
    assert.deepEqual(cookiesOf(response), ["a=1; Path=/; SameSite=Lax"]);
    await log.expect(/^403 GET/);
  }
  await log.expect(/^Uncaught exception GET \/clumsy .*\nError: no page/);
});
