import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RequestHandler } from "../../../src/index.ts";
import { BodyError } from "../../../src/base/body-error.ts";
import { parseUrlencodedForm } from "../../../src/web/body/form.ts";
import { multipart, multipartType, post } from "../../support/bodies.ts";
import { expectedLog } from "../../support/log.ts";
import { checkProperty } from "../../support/property.ts";
import { request } from "../../support/raw-http.ts";
import { serveRoutes } from "../../support/serve-routes.ts";

const log = expectedLog();
const urlencoded = "application/x-www-form-urlencoded";

class Reader extends RequestHandler {
  post() {
    return {
      any: [this.getArgument("a", "none"), this.getArguments("a")],
      query: this.getQueryArguments("a"),
      form: [this.getBodyArgument("a", "none"), this.getBodyArguments("a")],
    };
  }
  put() {
    return this.post();
  }
  get() {
    return this.post();
  }
}

test("an argument is of the query or the form; the form's come last", async (context) => {
  const server = await serveRoutes(context, log, [["/", Reader]]);
  const table: readonly [
    target: string,
    type: string | undefined,
    body: string,
    ReturnType<Reader["post"]>,
  ][] = [
    [
      "/?a=1",
      urlencoded,
      "a=2&a=+3+",
      { any: ["3", ["1", "2", "3"]], query: ["1"], form: ["3", ["2", "3"]] },
    ],
    ["/?a=1", urlencoded, "", { any: ["1", ["1"]], query: ["1"], form: ["none", []] }],
    [
      "/",
      `${urlencoded}; charset=UTF-8`,
      "a=%2B+%C3%A9",
      { any: ["+ é", ["+ é"]], query: [], form: ["+ é", ["+ é"]] },
    ],
    ["/", urlencoded, "a=é", { any: ["é", ["é"]], query: [], form: ["é", ["é"]] }],
    // What is no form has no arguments: neither an unknown type nor JSON.
    ["/?a=1", "text/plain", "a=2", { any: ["1", ["1"]], query: ["1"], form: ["none", []] }],
    ["/?a=1", "application/json", '{"a":2}', { any: ["1", ["1"]], query: ["1"], form: ["none", []] }],
    ["/?a=1", undefined, "a=2", { any: ["1", ["1"]], query: ["1"], form: ["none", []] }],
  ];
  for (const [target, type, body, expected] of table) {
    assert.deepEqual(JSON.parse((await post(server, target, type, body)).text), expected, `${type} ${body}`);
  }
  const parts = multipart([
    { name: "a", content: " 2 " },
    { name: "é", content: "x" },
    { name: "a", content: "é", type: "text/plain; charset=utf-8" },
  ]);
  assert.deepEqual(JSON.parse((await post(server, "/?a=1", multipartType, parts)).text), {
    any: ["é", ["1", "2", "é"]],
    query: ["1"],
    form: ["é", ["2", "é"]],
  });
});

test("a field keeps its white space where that is wanted, and its default may be null", async (context) => {
  class Exact extends RequestHandler {
    post() {
      const options = { trim: false };
      return {
        password: this.getBodyArgument("a", undefined, options),
        every: this.getBodyArguments("a", options),
        any: this.getArgument("a", undefined, options),
        all: this.getArguments("a", options),
        orNull: [this.getBodyArgument("b", null), this.getArgument("b", null)],
      };
    }
  }
  const server = await serveRoutes(context, log, [["/", Exact]]);
  const parts = multipart([{ name: "a", content: " s e " }]);
  for (const [type, body] of [
    [urlencoded, "a=+s+e+"],
    [multipartType, parts],
  ] as const) {
    assert.deepEqual(JSON.parse((await post(server, "/?a=+1", type, body)).text), {
      password: " s e ",
      every: [" s e "],
      any: " s e ",
      all: [" 1", " s e "],
      orNull: [null, null],
    });
  }
});

test("a request without a body has no form; GET has none with one", async (context) => {
  const server = await serveRoutes(context, log, [["/", Reader]]);
  const none = { any: ["none", []], query: [], form: ["none", []] };
  assert.deepEqual(JSON.parse((await request(server, "POST", "/")).text), none);
  assert.deepEqual(
    JSON.parse((await request(server, "PUT", "/", [`Content-Type: ${urlencoded}`])).text),
    none,
  );
  assert.deepEqual(
    JSON.parse((await request(server, "GET", "/", [`Content-Type: ${urlencoded}`])).text),
    none,
  );
});

test("a missing argument is 400, and the log says where it was looked for", async (context) => {
  class Strict extends RequestHandler {
    post() {
      return this.getArgument("a");
    }
    put() {
      return this.getBodyArgument("b");
    }
  }
  const server = await serveRoutes(context, log, [["/", Strict]]);
  assert.equal(
    (await post(server, "/", urlencoded, "")).text,
    "400: Bad Request\nARGUMENT_MISSING: An argument is missing.\n",
  );
  await log.expect(/^400 POST/);
  await log.expect(/^ARGUMENT_MISSING {2}the query or form argument "a" is missing\.$/);
  assert.equal((await request(server, "PUT", "/")).status, 400);
  await log.expect(/^400 PUT/);
  await log.expect(/^ARGUMENT_MISSING {2}the form argument "b" is missing\.$/);
});

test("a form that is no percent-encoded UTF-8 is 400", async (context) => {
  const server = await serveRoutes(context, log, [["/", Reader]]);
  const bodies = [
    "a=%ff",
    "a=%",
    "%ff=1",
    "b=%C3%28&a=1",
    "a=%zz",
    "a=%ED%A0%80",
    Buffer.from("613dff", "hex"),
  ];
  for (const body of bodies) {
    const { status, text } = await post(server, "/", urlencoded, body);
    assert.equal(status, 400, String(body));
    assert.equal(text, "400: Bad Request\nFORM_INVALID: The form is malformed.\n");
    await log.expect(/^400 POST/);
  }
  await log.expect(/^FORM_INVALID {2}.*: a name or value is not percent-encoded UTF-8\.$/);
  await log.expect(/^FORM_INVALID {2}.*: it is not UTF-8\.$/);
  for (const charset of ["latin1", "utf-16"]) {
    assert.equal((await post(server, "/", `${urlencoded}; charset=${charset}`, "a=1")).status, 415);
    await log.expect(/^415 POST/);
  }
  await log.expect(/^CONTENT_TYPE_REFUSED {2}the body must be a form in UTF-8/);
  assert.equal((await post(server, "/", urlencoded, "a=1", ["Content-Encoding: br"])).status, 415);
  await log.expect(/^415 POST/);
  await log.expect(/^CONTENT_ENCODING_REFUSED/);
});

test("what URLSearchParams writes is read as it was", (context) => {
  const text = fc.string({ unit: "grapheme" });
  checkProperty(
    context,
    fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      const { fields } = parseUrlencodedForm(Buffer.from(String(new URLSearchParams(pairs))), 1000);
      assert.deepEqual(fields, pairs);
    }),
  );
});

test("fields are limited in number before they are taken apart, and a large form in bytes", async (context) => {
  const settings = { http: { maxFormFields: 3, maxBodyBytes: 100 } };
  const server = await serveRoutes(context, log, [["/", Reader]], settings);
  assert.equal((await post(server, "/", urlencoded, "&&a=1&b=2&&a=3&")).status, 200);
  assert.equal((await post(server, "/", urlencoded, "a=1&b=2&a=3&c")).status, 413);
  await log.expect(/^413 POST/);
  await log.expect(
    /^FORM_TOO_LARGE {2}the form has more than 3 fields\.\n +To allow more: http: \{ maxFormFields \}\.$/,
  );
  assert.equal((await post(server, "/", urlencoded, `a=${"x".repeat(99)}`)).status, 413);
  await log.expect(/^413 POST/);
  await log.expect(
    /^BODY_TOO_LARGE {2}.*longer than 100 bytes\.\n +To allow more: http: \{ maxBodyBytes \}\.$/,
  );
});

/** The shortest of some times that `act` takes, in milliseconds of processor time. */
function cost(act: () => void): number {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

test("a form twice as long takes twice as long, whatever is in it", () => {
  const hostile: readonly string[] = ["a=1&", "&", "=", "%41", "+", "a", "a=%C3%A9&", "%&", "é=&"];
  for (const piece of hostile) {
    const form = (bytes: number): Buffer => Buffer.from(piece.repeat(bytes / Buffer.byteLength(piece)));
    const parse = (body: Buffer) => (): void => {
      try {
        parseUrlencodedForm(body, 10_000_000);
      } catch (error) {
        assert.ok(error instanceof BodyError);
      }
    };
    const [short, long] = [form(1 << 16), form(1 << 18)].map((body) => cost(parse(body)));
    // Four times the length: quadratic would be sixteen times the time.
    assert.ok((long ?? 0) < 10 * (short ?? 0) + 20, `${piece}: ${short} ms, then ${long} ms`);
  }
});

test("in prepare there is no form yet, which is said; elsewhere it is there without waiting", async (context) => {
  class Early extends RequestHandler {
    override prepare() {
      this.setHeader("X-Query", this.getQueryArgument("q", "none"));
      const what = this.request.header("X-What");
      if (what === "getArgument") this.getArgument("a");
      if (what === "getBodyArgument") this.getBodyArguments("a");
      if (what === "files") void this.files;
    }
    post() {
      return this.getArgument("a", "default");
    }
  }
  const server = await serveRoutes(context, log, [["/", Early]]);
  for (const what of ["getArgument", "getBodyArgument", "files"]) {
    assert.equal((await post(server, "/", urlencoded, "a=1", [`X-What: ${what}`])).status, 500);
    await log.expect(
      new RegExp(
        `^Uncaught exception(.*\n)*WaterspoutError: ${what}.* has no form yet: the form is read after prepare`,
      ),
    );
    await log.expect(/^500 POST/);
    // There is nothing to wait for where no form comes.
    assert.equal(
      (await post(server, "/", "text/plain", "a=1", [`X-What: ${what}`])).status,
      what === "getArgument" ? 400 : 200,
    );
    if (what === "getArgument") {
      await log.expect(/^400 POST/);
      await log.expect(/^ARGUMENT_MISSING/);
    }
  }
  const answer = await post(server, "/?q=1", urlencoded, "a=1");
  assert.deepEqual([answer.text, answer.header("X-Query")], ["1", "1"]);
});

test("the form can be read early, once, by who has to look into it", async (context) => {
  class Token extends RequestHandler {
    override async prepare() {
      await this.readForm();
      if (this.getBodyArgument("_xsrf", "") !== "t") this.setStatus(403);
    }
    post() {
      return this.getBodyArgument("a");
    }
  }
  const server = await serveRoutes(context, log, [["/", Token]]);
  const { status, text } = await post(server, "/", urlencoded, "a=1&_xsrf=t");
  assert.deepEqual([status, text], [200, "1"]);
});

test("a form that has been read cannot be read as bytes, nor what was streamed again", async (context) => {
  class Twice extends RequestHandler {
    async post() {
      return this.bytes();
    }
    async put() {
      void this.body;
      return this.text();
    }
  }
  const server = await serveRoutes(context, log, [["/", Twice]]);
  assert.equal((await post(server, "/", urlencoded, "a=1")).status, 500);
  await log.expect(
    /^Uncaught exception(.*\n)*WaterspoutError: bytes\(\).* the body has been read by the form/,
  );
  await log.expect(/^500 POST/);
  assert.equal((await post(server, "/", "text/plain", "a=1")).text, "a=1");
  assert.equal((await request(server, "PUT", "/")).status, 500);
  await log.expect(
    /^Uncaught exception(.*\n)*WaterspoutError: bytes\(\).* the body has been read by this\.body/,
  );
  await log.expect(/^500 PUT/);
});

test("white space around a value stays where it is asked for", async (context) => {
  class Passwords extends RequestHandler {
    post() {
      const whole = { trim: false };
      return [
        this.getBodyArgument("p", undefined, whole),
        this.getQueryArgument("p", undefined, whole),
        this.getArgument("p", undefined, whole),
        this.getArgument("none", " x ", whole),
        ...this.getBodyArguments("p", whole),
        ...this.getArguments("p", whole),
        this.getArgument("p", undefined, { trim: true }),
      ];
    }
  }
  const server = await serveRoutes(context, log, [["/", Passwords]]);
  const { text } = await post(server, "/?p=+q", urlencoded, "p=%09b+");
  assert.deepEqual(JSON.parse(text), ["\tb ", " q", "\tb ", " x ", "\tb ", " q", "\tb ", "b"]);
});
