/** An event of a stream, as an EventSource would dispatch it. */
export interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** Reads a stream of server-sent events (WHATWG HTML §9.2.6); the rest of an event that never ends is dropped. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The pieces of a line whose end has not come. */
  let pieces: string[] = [];
  let id = "";
  let type = "message";
  let data: string[] = [];
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) pieces.push(text.slice(0, end));
    const lines = end === 0 ? [] : pieces.join("").split(/\r\n|\n|\r/);
    lines.pop();
    if (end > 0) pieces = [];
    pieces.push(text.slice(end));
    for (const line of lines) {
      const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (line === "") {
        if (data.length > 0) yield { id, type, data: data.join("\n") };
        type = "message";
        data = [];
      } else if (name === "data") data.push(value);
      else if (name === "event") type = value;
      else if (name === "id") id = value;
    }
  }
}
