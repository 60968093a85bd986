import assert from "node:assert/strict";
import { test } from "node:test";
import { rawHtml } from "../../src/index.ts";
import { escapeHtml, jsonEncode, RawHtml } from "../../src/web/html.ts";

test("text is escaped for elements and for quoted attributes", () => {
  assert.equal(escapeHtml(`&<>"'`), "&amp;&lt;&gt;&quot;&#x27;");
  assert.equal(escapeHtml("&amp; é 郑 `"), "&amp;amp; é 郑 `");
  assert.equal(escapeHtml(""), "");
});

test("JSON for a script ends no script, begins no comment, and is the same JSON", () => {
  const value = { text: "</script><!-- <script> & ' \u2028\u2029", list: [1, null, "é"] };
  const encoded = jsonEncode(value);
  assert.doesNotMatch(encoded, /[<>&'\u2028\u2029]/);
  assert.deepEqual(JSON.parse(encoded), value);
  assert.equal(jsonEncode("<"), String.raw`"\u003c"`);
});

test("what JSON cannot say is null, which is valid in a script", () => {
  assert.equal(jsonEncode(undefined), "null");
  assert.equal(
    jsonEncode(() => {}),
    "null",
  );
});

test("raw HTML is a text for everybody but the templates", () => {
  const html = rawHtml("<b>");
  assert.ok(html instanceof RawHtml);
  assert.equal(String(html), "<b>");
});
