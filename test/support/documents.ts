import { readdirSync, readFileSync } from "node:fs";

/** The documents whose programs are tested. */
export const documents: readonly string[] = [
  "README.md",
  "README.zh-CN.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map(
    (file) => `docs/${file.replaceAll("\\", "/")}`,
  ),
].filter((file) => file.endsWith(".md"));

/** The blocks of a document that are written in a language. */
export function blocksOf(document: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  return [...readFileSync(document, "utf8").matchAll(fence)].map(([, text = ""]) => text);
}
