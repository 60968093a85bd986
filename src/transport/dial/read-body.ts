import type { Readable } from "node:stream";

/** How much of a refusal's body is worth reading, in bytes. */
const bodyBytesMax = 64 * 1024;

/** How long the body of a refusal is waited for, in milliseconds: what is known already shall not be late because of it. */
const bodyTimeoutMs = 2000;

/**
 * The start of a body as text: 64 KiB, or what came until it ended, broke or took too long. Never rejects; the stream is destroyed.
 *
 * @param length bytes after which the body is complete, where the stream does not know.
 */
export function readBody(stream: Readable, start: Uint8Array, length: number = Infinity): Promise<string> {
  const chunks: Uint8Array[] = [start];
  let byteLength = start.length;
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      stream.destroy();
      resolve(Buffer.concat(chunks).subarray(0, Math.min(length, bodyBytesMax)).toString("utf8"));
    };
    const timer = setTimeout(finish, bodyTimeoutMs);
    const isComplete = (): boolean => byteLength >= Math.min(length, bodyBytesMax);
    stream.on("error", finish);
    stream.on("close", finish);
    stream.on("end", finish);
    stream.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      byteLength += chunk.length;
      if (isComplete()) finish();
    });
    if (isComplete() || stream.destroyed) finish();
  });
}
