/** An event as a page's EventSource has it. */
export interface ReadEvent {
  /** The id that was said last, in this event or before it. */
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

/**
 * Reads a stream as WHATWG HTML §9.2.6 says it, line by line and as plainly as can be: what an EventSource would dispatch,
 * and the comments, which it would not.
 */
export function readEventStream(text: string): { readonly events: ReadEvent[]; readonly comments: number } {
  const events: ReadEvent[] = [];
  let comments = 0;
  let id = "";
  let name = "";
  let data: string[] = [];
  // What is behind the last end of a line is not complete.
  for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) {
    const [, field = "", value = ""] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
    if (line === "") {
      if (data.length > 0) events.push({ id, name: name === "" ? "message" : name, data: data.join("\n") });
      name = "";
      data = [];
    } else if (field === "") comments++;
    else if (field === "id") id = value;
    else if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  return { events, comments };
}
