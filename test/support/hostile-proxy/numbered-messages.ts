/** Messages that say who sent them and which one they are, so that a test sees what was lost, repeated or reordered. */

/** Who has sent a message. */
export type Side = "client" | "server";

const prefixes = { client: "c", server: "s" } as const;

/**
 * A message of one side, by its number: every third one is binary, the others are text with characters of four bytes, some of
 * several lines.
 */
export function numberedMessage(side: Side, number: number): string | Uint8Array<ArrayBuffer> {
  const name = `${prefixes[side]}${number}`;
  if (number % 3 === 2) return new Uint8Array(Buffer.from(`${name} \0\u{ff}\u{80}\n\r\r\n`, "latin1"));
  const lineEnd = ["", "\n", "\r\n", "\n\n"][number % 4] ?? "";
  return `${name} 🌪${lineEnd}水龙卷 𝄞${"🌊".repeat(number % 5)}${lineEnd}`;
}

/** A message as a text that differs for every kind and content. */
export function describeMessage(message: string | ArrayBuffer | Uint8Array): string {
  return typeof message === "string"
    ? message
    : Buffer.from(message as Uint8Array)
        .toString("latin1")
        .replace(/^/, "bytes ");
}

/** What the messages of one side are, described, from the first to the one before `count`. */
export function describedMessages(side: Side, count: number): string[] {
  return Array.from({ length: count }, (_, number) => describeMessage(numberedMessage(side, number)));
}

/** Those of a list of described messages that a side has sent. */
export function messagesOf(side: Side, described: readonly string[]): string[] {
  const pattern = new RegExp(`^(?:bytes )?${prefixes[side]}\\d`);
  return described.filter((message) => pattern.test(message));
}
