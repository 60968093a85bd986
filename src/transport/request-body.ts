import type { IncomingMessage } from "node:http";
import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";

/**
 * Reads the whole body of a request. A problem when it is longer than `bytesMax`, of which no more is kept; undefined when
 * the client left before its end.
 */
export function readRequestBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Uint8Array | Problem | undefined> {
  const tooLarge = describe("BODY_TOO_LARGE", { limit: bytesMax });
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return Promise.resolve(tooLarge);
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let byteLength = 0;
    const finish = (result: Uint8Array | Problem | undefined): void => {
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve(result);
    };
    const onData = (chunk: Uint8Array): void => {
      byteLength += chunk.length;
      if (byteLength <= bytesMax) chunks.push(chunk);
      else finish(tooLarge);
    };
    const onEnd = (): void => finish(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    const onClose = (): void => finish(undefined);
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}
