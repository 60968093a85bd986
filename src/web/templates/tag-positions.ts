/** A tag of a template, as the library parses it: its kind, and the code in it. */
export interface Tag {
  readonly t: string;
  readonly val: string;
}

/** Where the code of a tag stands. Lines count from 1, and those of the made code from 0, from where the first part is. */
export interface TagPosition {
  readonly codeLine: number;
  readonly line: number;
  /** How many lines the tag's code has besides its first. */
  readonly moreLines: number;
}

/** How a tag begins, up to its code; the same expression by which the library finds it. */
const opening = /<%[-_]?\s*[=~]?\s*/g;

/** Finds the tags of a template in its text. `parts` is the whole template: text and tags in order. */
export function locateTags(text: string, parts: readonly (string | Tag)[]): TagPosition[] {
  const positions: TagPosition[] = [];
  let offset = 0;
  let line = 1;
  let codeLine = 0;
  for (const part of parts) {
    // A text becomes one line of code, whatever its length; a tag has as many as its code.
    if (typeof part !== "string") {
      opening.lastIndex = offset;
      opening.exec(text);
      line += countLines(text.slice(offset, opening.lastIndex));
      const moreLines = countLines(part.val);
      positions.push({ codeLine, line, moreLines });
      offset = opening.lastIndex + part.val.length;
      line += moreLines;
      codeLine += moreLines;
    }
    codeLine++;
  }
  return positions;
}

/** How often a line ends in a text. */
export function countLines(text: string): number {
  return text.split("\n").length - 1;
}
