/**
 * The events of a stream (WHATWG HTML §9.2, server-sent events), as they stand on the wire. A record becomes an event
 * without its id, which the stream puts before it, since the same text goes to many.
 */
import { encodeText } from "./record.ts";

/** What a stream sends when there is nothing to say, so that nobody on the way takes it for dead. */
export const heartbeatComment = ":\n\n";

/** An event with a name and JSON data. */
export function encodeEvent(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A text message as an event. A parser would take a carriage return for the end of a line, so such text goes as JSON. */
export function encodeTextEvent(text: string): string {
  if (text.includes("\r")) return encodeRecordEvent(encodeText(text));
  return `data: ${text.toWellFormed().replaceAll("\n", "\ndata: ")}\n\n`;
}

/** A record that is a line of JSON as an event. */
export function encodeRecordEvent(line: string): string {
  return `event: record\ndata: ${line}\n\n`;
}
