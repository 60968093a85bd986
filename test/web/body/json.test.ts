import assert from "node:assert/strict";
import { test } from "node:test";
import { type } from "arktype";
import * as v from "valibot";
import * as z from "zod";
import type { StandardSchema } from "../../../src/index.ts";
import { RequestHandler } from "../../../src/index.ts";
import { post, requestWithBody } from "../../support/bodies.ts";
import { expectedLog } from "../../support/log.ts";
import { RawConnection, exchange } from "../../support/raw-http.ts";
import { serveRoutes } from "../../support/serve-routes.ts";

const log = expectedLog();
const json = "application/json";

class Echo extends RequestHandler {
  async post() {
    return { got: await this.json() };
  }
}

/** A handler that checks what it gets. */
function checking(
  schema: StandardSchema,
): new (...args: ConstructorParameters<typeof Echo>) => RequestHandler {
  return class Checking extends RequestHandler {
    async post() {
      return { got: await this.json(schema) };
    }
  };
}

test("a body is JSON when its type says so and it is", async (context) => {
  const server = await serveRoutes(context, log, [["/", Echo]]);
  const table: readonly [type: string, body: string, value: unknown][] = [
    [json, '{"a":[1,null,"é"]}', { a: [1, null, "é"] }],
    ["Application/JSON; charset=UTF-8", "1", 1],
    ["application/vnd.api+json", "null", null],
    // RFC 8259 §8.1: a byte order mark may be ignored.
    [json, "\ufeff[]", []],
    [json, ' "\\ud83d\\ude00" ', "😀"],
    [json, '{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}')],
  ];
  for (const [contentType, body, value] of table) {
    const { status, text } = await post(server, "/", contentType, body);
    assert.equal(status, 200, body);
    assert.equal(text, JSON.stringify({ got: value }));
  }
});

test("a body of another type is 415, and the log says what it was", async (context) => {
  const server = await serveRoutes(context, log, [["/", Echo]]);
  for (const contentType of [
    undefined,
    "text/plain",
    "text/json",
    `${json}; charset=latin1`,
    "json",
    "a/b; c",
  ]) {
    const { status, text } = await post(server, "/", contentType, "{}");
    assert.equal(status, 415, contentType);
    assert.match(
      text,
      /^415: .*\nCONTENT_TYPE_REFUSED: The Content-Type is not one that is expected here\.\n$/,
    );
    await log.expect(/^415 POST/);
  }
  await log.expect(
    /^CONTENT_TYPE_REFUSED {2}the body must be application\/json in UTF-8, got the Content-Type nothing/,
  );
  assert.equal((await post(server, "/", json, "{}", ["Content-Encoding: gzip"])).status, 415);
  await log.expect(/^415 POST/);
  await log.expect(/^CONTENT_ENCODING_REFUSED {2}a body with the Content-Encoding "gzip" is not decoded/);
  assert.equal((await post(server, "/", json, "{}", ["Content-Encoding: identity"])).status, 200);
});

test("a body that is no JSON is 400, with a position and without a word of the body", async (context) => {
  const server = await serveRoutes(context, log, [["/", Echo]]);
  const table: readonly [body: string | Uint8Array, line: RegExp][] = [
    ["", /^JSON_INVALID {2}the body is not JSON: it is empty/],
    ["{secret}", /^JSON_INVALID {2}the body is not JSON: it does not parse( at position 1)?\.$/],
    ["[1,]", /^JSON_INVALID/],
    ["'secret'", /^JSON_INVALID/],
    ["[", /^JSON_INVALID/],
    ['"a', /^JSON_INVALID/],
    ["NaN", /^JSON_INVALID/],
    [Buffer.from([0x22, 0xff, 0x22]), /^TEXT_INVALID {2}the body is not UTF-8/],
    [Buffer.from("feff0022", "hex"), /^TEXT_INVALID/],
  ];
  for (const [body, line] of table) {
    const { status, text } = await post(server, "/", json, body);
    assert.equal(status, 400, String(body));
    assert.doesNotMatch(text, /secret/);
    await log.expect(/^400 POST/);
    // The same code is explained once a minute.
    const explained = log.lines.find(
      ({ text: each }) => each.startsWith("JSON_") || each.startsWith("TEXT_"),
    );
    if (explained !== undefined) assert.doesNotMatch((await log.expect(line)).text, /secret/);
  }
});

test("nesting is limited, whatever stands in strings; 10 MiB of brackets take no time", async (context) => {
  const server = await serveRoutes(context, log, [["/", checking(z.json())]], { http: { maxJsonDepth: 10 } });
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  assert.equal((await post(server, "/", json, nested(10))).status, 200);
  const text = JSON.stringify(Array.from({ length: 10 }, () => ({ a: '[[[[[[[[[[[["{{\\' })));
  assert.equal((await post(server, "/", json, text)).status, 200);
  for (const body of [nested(11), '{"a":'.repeat(11), "[".repeat((10 << 20) - 1), '["'.repeat(20)]) {
    assert.equal((await post(server, "/", json, body)).status, 400);
    await log.expect(/^400 POST/);
  }
  await log.expect(
    /^JSON_INVALID {2}.* nested deeper than 10 \(to allow more: http: \{ maxJsonDepth \}\)\.$/,
  );
  // Another reason is explained as well, where the same one would be counted.
  for (const body of ["{", "[1, 2"]) {
    assert.equal((await post(server, "/", json, body)).status, 400);
    await log.expect(/^400 POST/);
  }
  await log.expect(/^JSON_INVALID {2}.* does not parse at position \d+\.$/);
});

test("what a schema makes of the body is the result, also when it takes its time", async (context) => {
  const later = z.object({ name: z.string().refine(async (name) => Promise.resolve(name !== "taken")) });
  const server = await serveRoutes(context, log, [
    ["/zod", checking(z.object({ age: z.coerce.number() }))],
    ["/valibot", checking(v.object({ age: v.pipe(v.string(), v.transform(Number)) }))],
    ["/arktype", checking(type({ age: "string.numeric.parse" }))],
    ["/later", checking(later)],
  ]);
  for (const path of ["/zod", "/valibot", "/arktype"]) {
    assert.equal((await post(server, path, json, '{"age":"7"}')).text, '{"got":{"age":7}}', path);
  }
  assert.equal((await post(server, "/later", json, '{"name":"free"}')).status, 200);
  assert.equal((await post(server, "/later", json, '{"name":"taken"}')).status, 422);
  await log.expect(/^422 POST/);
  await log.expect(/^SCHEMA_VIOLATED/);
});

const persons: readonly [library: string, schema: StandardSchema, kinds: readonly string[]][] = [
  [
    "zod",
    z.object({ name: z.string().min(2), tags: z.array(z.enum(["red"])), "a/b~c": z.literal("x") }),
    ["too_small", "invalid_value", "invalid_value"],
  ],
  [
    "valibot",
    v.object({
      name: v.pipe(v.string(), v.minLength(2)),
      tags: v.array(v.picklist(["red"])),
      "a/b~c": v.literal("x"),
    }),
    ["min_length", "picklist", "literal"],
  ],
  [
    "arktype",
    type({ name: "string >= 2", tags: type("'red'").array(), "a/b~c": "'x'" }),
    ["minLength", "unit", "unit"],
  ],
];

for (const [library, schema, kinds] of persons) {
  test(`a violation of a schema of ${library} is 422 with paths and kinds, and no value`, async (context) => {
    const server = await serveRoutes(context, log, [["/", checking(schema)]]);
    const body = JSON.stringify({ name: "§", tags: ["red", "s3cret"], "a/b~c": "s3cret" });
    const { status, header, text } = await post(server, "/", json, body);
    assert.equal(status, 422);
    assert.equal(header("Content-Type"), "application/json; charset=utf-8");
    assert.equal(header("X-Content-Type-Options"), "nosniff");
    assert.doesNotMatch(text, /s3cret|§/);
    const answer = JSON.parse(text) as { code: string; issues: { path: unknown[]; kind: string }[] };
    assert.equal(answer.code, "SCHEMA_VIOLATED");
    const byPath = new Map(answer.issues.map(({ path, kind }) => [path.join(), kind]));
    assert.deepEqual(
      [byPath.get("name"), byPath.get("tags,1"), byPath.get("a/b~c")],
      kinds,
      `${library}: ${text}`,
    );
    await log.expect(/^422 POST/);
    const line = await log.expect(/^SCHEMA_VIOLATED {2}the body breaks its schema at .*\/tags\/1 /);
    assert.match(line.text, /\/a~1b~0c \(/);
    assert.doesNotMatch(line.text, /s3cret|§/);
  });
}

test("in debug mode the library's words are told as well", async (context) => {
  const server = await serveRoutes(context, log, [["/", checking(z.string())]], { debug: true });
  const { text } = await post(server, "/", json, "7");
  assert.match(
    text,
    /"issues":\[\{"path":\[\],"kind":"invalid_type","message":"Invalid input: expected string/,
  );
  await log.expect(/^422 POST/);
  await log.expect(/^SCHEMA_VIOLATED {2}the body breaks its schema at the top \(invalid_type\)\.$/);
});

test("only so many violations are listed, and keys of the client's not at any length", async (context) => {
  const server = await serveRoutes(context, log, [["/", checking(z.record(z.string(), z.number()))]]);
  const body = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}\n${"k".repeat(500)}`, "x"]));
  const { text } = await post(server, "/", json, JSON.stringify(body));
  const { issues } = JSON.parse(text) as { issues: { path: string[] }[] };
  assert.equal(issues.length, 20);
  assert.ok(issues.every(({ path }) => (path[0] ?? "").length < 150 && !path[0]?.includes("\n")));
  await log.expect(/^422 POST/);
  await log.expect(/^SCHEMA_VIOLATED/);
});

test("a schema whose issues are nothing special is one all the same; what is no schema is the program's mistake", async (context) => {
  const odd: StandardSchema = {
    "~standard": {
      version: 1,
      vendor: "odd",
      validate: () => ({
        issues: [
          { message: "s3cret", path: [{ key: "a" }, Symbol("b")], code: "a sentence about s3cret" } as never,
          { message: "s3cret" },
        ],
      }),
    },
  };
  const server = await serveRoutes(context, log, [
    ["/odd", checking(odd)],
    ["/none", checking({} as StandardSchema)],
    ["/number", checking(7 as unknown as StandardSchema)],
  ]);
  assert.match(
    (await post(server, "/odd", json, "1")).text,
    /"issues":\[\{"path":\["a","Symbol\(b\)"\],"kind":""\},\{"path":\[\],"kind":""\}\]/,
  );
  await log.expect(/^422 POST/);
  await log.expect(/^SCHEMA_VIOLATED {2}the body breaks its schema at \/a\/Symbol\(b\), the top\.$/);
  for (const path of ["/none", "/number"]) {
    assert.equal((await post(server, path, json, "1")).status, 500);
    await log.expect(
      /^Uncaught exception(.*\n)*WaterspoutError: schema must be a schema with the Standard Schema/,
    );
    await log.expect(/^500 POST/);
  }
});

test("a body can be had in several forms, and several times", async (context) => {
  class Several extends RequestHandler {
    async post() {
      const [value, text, bytes, again] = [
        await this.json(),
        await this.text(),
        await this.bytes(),
        await this.json(),
      ];
      return { value, text, length: bytes.length, again };
    }
  }
  const server = await serveRoutes(context, log, [["/", Several]]);
  assert.equal(
    (await post(server, "/", json, "[1]")).text,
    '{"value":[1],"text":"[1]","length":3,"again":[1]}',
  );
});

test("GET and HEAD may have a body: it is passed over unless the handler asks for it", async (context) => {
  class Search extends RequestHandler {
    async get() {
      return this.getQueryArgument("read", "") === "" ? "passed over" : { got: await this.json() };
    }
  }
  const server = await serveRoutes(context, log, [["/", Search]]);
  assert.equal(
    (await exchange(server.port, requestWithBody("GET", "/?read=1", json, "[1]"))).text,
    '{"got":[1]}',
  );
  const connection = await RawConnection.open(server.port);
  connection.send(requestWithBody("GET", "/", json, "[1]"));
  assert.equal((await connection.nextResponse()).text, "passed over");
  connection.send(requestWithBody("HEAD", "/", "application/x-www-form-urlencoded", "%ff"));
  assert.equal((await connection.nextResponse("HEAD")).status, 200);
  connection.send(requestWithBody("GET", "/?read=1", json, "[2]"));
  assert.equal((await connection.nextResponse()).text, '{"got":[2]}');
  connection.destroy();
});
