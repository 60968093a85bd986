/** The chat as programs see it: what its pages never send. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { RunningProcess } from "../../support/process.ts";
import { endChat, startChat } from "../../support/chat.ts";
import { TestClient } from "../../../src/testing/index.ts";

suite("the chat", () => {
  let url = "";
  let chat: RunningProcess;

  before(async () => {
    ({ url, chat } = await startChat());
  });
  after(() => endChat(chat));

  /** Sends the form of the login, as a page of the site does. */
  const postLogin = (fields: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${url}/login`, {
      method: "POST",
      headers: { Origin: url },
      body: new URLSearchParams(fields),
      redirect: "manual",
    });

  async function logIn(name: string): Promise<string> {
    const response = await postLogin({ name });
    assert.equal(response.status, 302);
    const cookie = response.headers.getSetCookie().find((each) => each.startsWith("chat_login="));
    assert.match(cookie ?? "", /; HttpOnly/);
    return cookie?.split(";", 1)[0] ?? "";
  }

  const enter = (cookie: string, seen = ""): Promise<TestClient> =>
    TestClient.connect(`${url}/room?after=${seen}`, { headers: { Cookie: cookie }, origin: url });

  const idOf = (html: string | Uint8Array): string | undefined => /data-id="([^"]*)"/.exec(String(html))?.[1];

  test("a name has something to see, 40 characters at most, and none that plays tricks", async () => {
    const good = ["Ada", "  Ada Lovelace ", "郑老板", "👩‍🚀", "O'Hara <3", "x".repeat(40), "🚀".repeat(40)];
    for (const name of good) await logIn(name);
    const bad = [
      "",
      "   ",
      "x".repeat(41),
      "a\nb",
      "a\u0000",
      "\u200b",
      "evil\u202egpj",
      "a\u2028b",
      "\u0007",
    ];
    for (const name of bad) {
      const response = await postLogin({ name });
      assert.equal(response.status, 400, JSON.stringify(name));
      assert.equal(
        response.headers.getSetCookie().find((each) => each.startsWith("chat_login")),
        undefined,
      );
      assert.match(await response.text(), /role="alert">A name has 1 to 40 characters/);
    }
  });

  test("a name that is refused stands in the form again, as text", async () => {
    const page = await (await postLogin({ name: `"><script>${"x".repeat(40)}` })).text();
    assert.match(page, /value="&quot;&gt;&lt;script&gt;x+"/);
    assert.doesNotMatch(page, /<script/);
  });

  test("after the login it goes on to a path of this site, and nowhere else", async () => {
    const places = { "/?a=1": "/?a=1", "//evil.example": "/", "https://evil.example": "/", "/\\evil": "/" };
    for (const [next, place] of Object.entries(places)) {
      assert.equal((await postLogin({ name: "Ada", next })).headers.get("location"), place);
    }
  });

  test("who is not logged in gets no socket, by whatever transport, and no page", async () => {
    assert.equal((await TestClient.refusal(`${url}/room`, { origin: url })).status, 401);
    const headers = { Accept: "text/event-stream", Origin: url };
    assert.equal((await fetch(`${url}/room`, { headers })).status, 401);
    const forged = { Cookie: "chat_login=2|1:0|10:1700000000|10:chat_login|4:e30=|0000" };
    assert.equal((await TestClient.refusal(`${url}/room`, { origin: url, headers: forged })).status, 401);
    const page = await fetch(`${url}/?x=1`, { redirect: "manual" });
    assert.equal(page.headers.get("location"), "/login?next=%2F%3Fx%3D1");
  });

  test("a page is kept by no cache, and runs no script but its own", async () => {
    const { headers } = await fetch(url, { headers: { Cookie: await logIn("Ada") } });
    assert.equal(headers.get("cache-control"), "no-store");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'self'/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  });

  test("a page of another site gets no socket either", async () => {
    const headers = { Cookie: await logIn("Ada") };
    assert.equal(
      (await TestClient.refusal(`${url}/room`, { origin: "http://evil.example", headers })).status,
      403,
    );
  });

  test("a message that is sent twice is said once, and who comes back gets what is missed", async () => {
    const cookie = await logIn("Ada");
    const [first, second] = [await enter(cookie), await enter(cookie)];
    for (const id of ["m-1", "m-1", "m-2"]) first.send(JSON.stringify({ id, text: `<b>${id}</b>` }));
    for (const client of [first, second]) {
      const html = String(await client.nextMessage());
      assert.equal(idOf(html), "m-1");
      assert.match(html, /&lt;b&gt;m-1&lt;\/b&gt;/);
      assert.equal(idOf(await client.nextMessage()), "m-2");
    }
    const third = await enter(cookie, "m-1");
    assert.equal(idOf(await third.nextMessage()), "m-2");
    const fourth = await enter(cookie, "unknown");
    assert.equal(idOf(await fourth.nextMessage()), "m-1");
    for (const client of [first, second, third, fourth]) await client.close();
  });

  test("what no page sends ends the connection, and is said to nobody", async () => {
    const cookie = await logIn("Mallory");
    const nonsense = [
      "hello",
      "null",
      '{"id":"x"}',
      '{"id":"\\"><script>","text":"x"}',
      `{"id":"${"x".repeat(41)}","text":"x"}`,
      '{"id":"x","text":"  "}',
      '{"id":"x","text":["x"]}',
      `{"id":"x","text":"${"x".repeat(1001)}"}`,
    ];
    for (const message of nonsense) {
      const client = await enter(cookie, "m-2");
      client.send(message);
      assert.equal((await client.closed()).code, 1008, message);
    }
    const client = await enter(cookie, "m-2");
    client.send(JSON.stringify({ id: "m-3", text: "\u0000".repeat(1000) }));
    assert.equal(idOf(await client.nextMessage()), "m-3");
    client.send("x".repeat(8 * 1024 + 1));
    assert.equal((await client.closed()).code, 1009);
  });

  test("a logout closes the sockets of that login, and of no other with the same name", async () => {
    const cookies = [await logIn("Ada"), await logIn("Ada")];
    const [mine, other] = await Promise.all(cookies.map((each) => enter(each, "m-3")));
    const [Cookie = ""] = cookies;
    const response = await fetch(`${url}/logout`, {
      method: "POST",
      headers: { Origin: url, Cookie },
      redirect: "manual",
    });
    assert.match(response.headers.getSetCookie().join(), /chat_login=; .*Max-Age=0/);
    assert.deepEqual(await mine?.closed(), { code: 4401, reason: "logged out" });
    other?.send(JSON.stringify({ id: "m-4", text: "still here" }));
    assert.equal(idOf((await other?.nextMessage()) ?? ""), "m-4");
    await other?.close();
  });

  test("another login of the same browser ends the first", async () => {
    const Cookie = await logIn("Ada");
    const client = await enter(Cookie, "m-4");
    const body = new URLSearchParams({ name: "Grace" });
    await fetch(`${url}/login`, {
      method: "POST",
      headers: { Origin: url, Cookie },
      body,
      redirect: "manual",
    });
    assert.equal((await client.closed()).code, 4401);
  });

  test("a POST that does not say where it comes from needs the token of the form", async () => {
    const page = await fetch(`${url}/login`);
    const [, token = ""] = /name="_xsrf" value="([^"]+)"/.exec(await page.text()) ?? [];
    const Cookie = page.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    const post = (_xsrf: string): Promise<Response> =>
      fetch(`${url}/login`, {
        method: "POST",
        headers: { Cookie },
        body: new URLSearchParams({ name: "Ada", _xsrf }),
        redirect: "manual",
      });
    assert.equal((await post(token)).status, 302);
    assert.equal((await post("")).status, 403);
  });

  test("it says that logins end with it where it has no secret", () => {
    assert.match(chat.output, /^COOKIE_SECRET is not set: .*logins end with this process/);
  });

  test("a taken port is named", async () => {
    const env = { PORT: new URL(url).port, HOST: "localhost", COOKIE_SECRET: "of this test" };
    const second = new RunningProcess("npm", ["run", "chat"], env);
    assert.equal(await second.end(), 1);
    assert.match(second.output, /The chat cannot start: port \d+ on localhost is already in use/);
    assert.doesNotMatch(second.output, /COOKIE_SECRET/);
  });
});
