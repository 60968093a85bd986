import type { IncomingMessage } from "node:http";
import { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isToken } from "../protocol/http/field-values.ts";
import { httpDate } from "./http-date.ts";
import { reasonPhrase } from "./plain-answer.ts";

/** Up to this length bytes are copied behind their head. */
const copiedBytesMax = 16 * 1024;

/** What may not stand in the value of a field (RFC 9110 §5.5). */
const notFieldValue = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Node's response, which can also send a whole answer as one text. Node itself makes two pieces of head and body and takes them through the
 * queue of what may still be added, which for a small answer costs more than all the rest (docs/performance.md has the numbers).
 *
 * All that follows an answer is Node's: it hears "finish" when the socket has taken everything, as of any other response. What is not
 * usual is left to it as well (`canAnswerDirectly`).
 */
export class DirectResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  /** Undefined for one that is sent by Node. */
  #isTaken: boolean | undefined;

  /** Whether the socket has taken the whole answer: what `writableFinished` says of one that is sent by Node. */
  get isTaken(): boolean {
    return this.#isTaken ?? this.writableFinished;
  }

  /**
   * Sends the whole answer, if it is of the usual kind: to HTTP/1.1, on a connection that stays open and on which it is this answer's turn,
   * without a field of which HTTP has its own idea. Otherwise nothing is done, and false returned.
   *
   * @param fields names and values in turn.
   * @param keepAlive what `keepAliveFields` made.
   */
  answerDirectly(
    status: number,
    reason: string | undefined,
    fields: readonly string[],
    content: string | Uint8Array | undefined,
    keepAlive: string,
  ): boolean {
    const { socket } = this;
    if (socket?.writable !== true || !this.shouldKeepAlive || this.req.httpVersionMinor !== 1) return false;
    const head = formatHead(status, reason, fields, keepAlive);
    if (head === undefined || !this.#write(socket, head, content)) return false;
    this.#isTaken = false;
    this.statusCode = status;
    this.finished = true;
    return true;
  }

  #write(socket: Socket, head: string, content: string | Uint8Array | undefined): boolean {
    const onWritten = (error?: Error | null): void => {
      // A broken connection is told by its "close".
      if (error != null) return;
      this.#isTaken = true;
      this.emit("finish");
    };
    if (content === undefined) {
      socket.write(head, "latin1", onWritten);
    } else if (typeof content === "string") {
      // Fields are Latin-1 (RFC 9110 §5.5). Text that is ASCII, that is, has as many bytes as characters, may go as that as well.
      const isAscii = Buffer.byteLength(content) === content.length;
      if (!isAscii && Buffer.byteLength(head) !== head.length) return false;
      socket.write(head + content, isAscii ? "latin1" : "utf8", onWritten);
    } else if (content.length <= copiedBytesMax) {
      const bytes = Buffer.allocUnsafe(head.length + content.length);
      bytes.write(head, "latin1");
      bytes.set(content, head.length);
      socket.write(bytes, onWritten);
    } else {
      return false;
    }
    return true;
  }
}

/** What an answer says of a connection that stays open, as Node does, and for how long; 0 is without end. */
export function keepAliveFields(timeoutMs: number): string {
  const timeout = timeoutMs === 0 ? "" : `Keep-Alive: timeout=${Math.floor(timeoutMs / 1000)}\r\n`;
  return `Connection: keep-alive\r\n${timeout}`;
}

/** Status line and fields as Node would write them; undefined where Node should. */
function formatHead(
  status: number,
  reason: string | undefined,
  fields: readonly string[],
  keepAlive: string,
): string | undefined {
  let head = `HTTP/1.1 ${status} ${reason ?? reasonPhrase(status)}\r\n`;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!;
    const value = fields[index + 1]!;
    if (!isUsual(name) || notFieldValue.test(value)) return undefined;
    head += `${name}: ${value}\r\n`;
  }
  return `${head}Date: ${httpDate()}\r\n${keepAlive}\r\n`;
}

/** Fields that say how the message is sent, and so are for Node, which would otherwise say something else beside them. */
const nodesFields: ReadonlySet<string> = new Set([
  "connection",
  "date",
  "keep-alive",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Names that have been looked at: a program sends the same ones again and again. */
const usualNames = new Set<string>();
const usualNamesMax = 200;

function isUsual(name: string): boolean {
  if (usualNames.has(name)) return true;
  if (!isToken(name) || nodesFields.has(name.toLowerCase())) return false;
  if (usualNames.size < usualNamesMax) usualNames.add(name);
  return true;
}
