/** The start line and the header fields of an HTTP/1.1 message, and where its body begins. */
export interface MessageHead {
  readonly startLine: string;
  /** Name and value of each field, as they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Length of the head with the empty line behind it. */
  readonly bytes: number;
}

/** Parses the head that `bytes` begin with; undefined while it is not complete. */
export function parseHead(bytes: Buffer): MessageHead | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [startLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { startLine, fields, bytes: end + 4 };
}

/** The value of a field, whatever the case of its name. */
export function fieldOf(head: MessageHead, name: string): string | undefined {
  return head.fields.find(([each]) => each.toLowerCase() === name)?.[1];
}

/** A head's bytes with other fields. */
export function formatHead(startLine: string, fields: MessageHead["fields"]): Buffer {
  const lines = [startLine, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** Whether `bytes`, which begin behind `head`, are the whole body of that request. */
export function isWholeBody(head: MessageHead, bytes: Buffer): boolean {
  if (/chunked/i.test(fieldOf(head, "transfer-encoding") ?? ""))
    return bytes.subarray(-5).equals(Buffer.from("0\r\n\r\n"));
  return bytes.length >= Number(fieldOf(head, "content-length") ?? 0);
}

/** The status of a response. */
export function statusOf(head: MessageHead): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.startLine)?.[1] ?? 0);
}
