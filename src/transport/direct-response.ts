import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { fieldNameOf } from "../protocol/http/field-name.ts";
import { isFieldValue } from "../protocol/http/field-values.ts";
import { httpDate } from "./http-date.ts";
import { reasonPhrase } from "./plain-answer.ts";
import type { ResponseHeaders } from "./response-head.ts";
import { isContentLength } from "./response-head.ts";

/** Up to this length bytes are copied behind their head; it costs less than writing two pieces. */
const copiedBytesMax = 16 * 1024;

/**
 * Node's response, which can also send a whole answer as one text. Node itself makes two pieces of head and body and takes them through the
 * queue of what may still be added, which for a small answer is a tenth of all that it costs (docs/performance.md has the numbers).
 *
 * All that follows an answer is Node's: it hears "finish" when the socket has taken everything, as of any other response. What is not
 * usual is left to it as well: see `answerDirectly`.
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
   * without a field that says how it is sent. Otherwise nothing is done, and false returned.
   *
   * @param length what the Content-Length is to say, in place of what `headers` may say; undefined for nothing.
   * @param keepAlive what `keepAliveFields` made.
   */
  answerDirectly(
    status: number,
    reason: string | undefined,
    headers: ResponseHeaders,
    length: number | undefined,
    content: string | Uint8Array | undefined,
    keepAlive: string,
  ): boolean {
    const { socket } = this;
    if (socket?.writable !== true || !this.shouldKeepAlive || this.req.httpVersionMinor !== 1) return false;
    const head = formatHead(status, reason, headers, length, keepAlive);
    if (head === undefined || !this.#write(socket, head, content, length)) return false;
    this.#isTaken = false;
    this.statusCode = status;
    return true;
  }

  #write(
    socket: Socket,
    head: string,
    content: string | Uint8Array | undefined,
    length: number | undefined,
  ): boolean {
    const onWritten = (error?: Error | null): void => {
      // A broken connection is told by its "close". Node 20 says nothing of it here.
      if (error instanceof Error || socket.destroyed) return;
      this.#isTaken = true;
      // Not before: a server that closes cuts connections whose response has ended.
      this.finished = true;
      this.emit("finish");
    };
    if (content === undefined) {
      socket.write(head, "latin1", onWritten);
    } else if (typeof content === "string") {
      // Fields are Latin-1 (RFC 9110 §5.5). Text that is ASCII, that is, has as many bytes as characters, may go as that as well.
      const isAscii = (length ?? Buffer.byteLength(content)) === content.length;
      if (!isAscii && Buffer.byteLength(head) !== head.length) return false;
      socket.write(head + content, isAscii ? "latin1" : "utf8", onWritten);
    } else if (content.length <= copiedBytesMax) {
      const bytes = Buffer.allocUnsafe(head.length + content.length);
      bytes.write(head, "latin1");
      bytes.set(content, head.length);
      socket.write(bytes, onWritten);
    } else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(content, onWritten);
      socket.uncork();
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
  headers: ResponseHeaders,
  length: number | undefined,
  keepAlive: string,
): string | undefined {
  let head = reason === undefined ? statusLine(status) : `HTTP/1.1 ${status} ${reason}\r\n`;
  for (const [name, value] of headers) {
    if (isContentLength(name)) continue;
    const lines = formatField(name, value);
    if (lines === undefined) return undefined;
    head += lines;
  }
  if (length !== undefined) head += `Content-Length: ${length}\r\n`;
  return head + headEnd(keepAlive);
}

const statusLines = new Map<number, string>();

/** The status line with the usual reason phrase; of each status it is made once. */
function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`;
    statusLines.set(status, line);
  }
  return line;
}

let latestEnd = { date: "", keepAlive: "", text: "" };

/** What is last in a head; it is made once for each second. */
function headEnd(keepAlive: string): string {
  const date = httpDate();
  if (latestEnd.date !== date || latestEnd.keepAlive !== keepAlive)
    latestEnd = { date, keepAlive, text: ["Date: ", date, "\r\n", keepAlive, "\r\n"].join("") };
  return latestEnd.text;
}

/** A line for each value of a field; undefined for one that cannot be written here. */
function formatField(name: string, value: string | readonly string[]): string | undefined {
  if (!isUsual(name)) return undefined;
  if (typeof value === "string") return isFieldValue(value) ? `${name}: ${value}\r\n` : undefined;
  let lines = "";
  for (const each of value) {
    if (!isFieldValue(each)) return undefined;
    lines += `${name}: ${each}\r\n`;
  }
  return lines;
}

/** Fields that say how the message is sent, and when, are for Node, which would otherwise say something else beside them. */
function isUsual(name: string): boolean {
  const known = fieldNameOf(name);
  return known !== undefined && !known.isOfConnection && known.key !== "date";
}
