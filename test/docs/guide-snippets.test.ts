/** The programs of docs/guide/, and of the page for who comes from Tornado, are compiled and run. */
import { testPrograms } from "../support/document-programs.ts";
import { documents } from "../support/documents.ts";

testPrograms(
  "guide-snippets",
  documents.filter((file) => /^docs\/(guide\/|coming-from-tornado)/.test(file)),
);
