import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { noBytes } from "../../base/bytes.ts";
import { defaultHttpLimits } from "../../base/limits.ts";
import { quote } from "../../base/text.ts";
import type { HeaderFields } from "../../protocol/http/header-fields.ts";
import { fieldValue } from "../../protocol/http/header-fields.ts";
import type { RequestHeaders } from "./dial-options.ts";
import type { HttpAnswer } from "./handshake-error.ts";
import { readBody } from "./read-body.ts";

/** What came for an answer: the other protocol, or plain HTTP. */
export type Answer =
  | {
      readonly kind: "switched";
      readonly status: number;
      readonly headers: HeaderFields;
      /** Bytes that came behind the answer. */
      readonly head: Uint8Array;
    }
  | ({ readonly kind: "answered" } & HttpAnswer);

/** A request that asks for another protocol on its connection. */
export interface SwitchRequest {
  readonly method: "GET" | "CONNECT";
  readonly path: string;
  readonly headers: RequestHeaders;
}

/** Sends a request on an open connection, and reads the answer. Node's HTTP parser does the work. */
export function requestSwitch(socket: Socket, { method, path, headers }: SwitchRequest): Promise<Answer> {
  const request = httpRequest({
    createConnection: () => socket,
    method,
    path,
    headers: { ...headers } as OutgoingHttpHeaders,
    setHost: false,
    maxHeaderSize: defaultHttpLimits.maxHeaderBytes,
  });
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    // What breaks behind the header fields does not make them unknown.
    request.on("error", (error) => {
      if (!isAnswered) reject(new Error(explain(error), { cause: error }));
    });
    request.on("response", (response) => {
      isAnswered = true;
      const { statusCode: status = 0, headers: fields } = response;
      void readBody(response, noBytes).then((body) => {
        resolve({ kind: "answered", status, headers: fields, body });
      });
    });
    const receiveSwitch = (response: IncomingMessage, _socket: unknown, head: Buffer): void => {
      resolve({ kind: "switched", status: response.statusCode ?? 0, headers: response.headers, head });
    };
    request.on("upgrade", receiveSwitch);
    request.on("connect", receiveSwitch);
    request.end();
  });
}

/** The rest of an answer to CONNECT that is no tunnel: Node's parser has left the body on the socket. */
export async function readTunnelRefusal(
  socket: Socket,
  answer: Answer & { kind: "switched" },
): Promise<HttpAnswer> {
  const length = fieldValue(answer.headers, "content-length");
  const bytes = length === undefined || !/^\d+$/.test(length) ? Infinity : Number(length);
  const body = await readBody(socket, answer.head, bytes);
  return { status: answer.status, headers: answer.headers, body };
}

/** What Node's errors mean here. */
function explain(error: Error & { code?: string; reason?: string; rawPacket?: unknown }): string {
  if (error.code === "ECONNRESET") return "the connection was closed before the answer was complete";
  if (error.code === "HPE_HEADER_OVERFLOW")
    return `the answer has more than ${defaultHttpLimits.maxHeaderBytes} bytes of header fields`;
  if (error.code?.startsWith("HPE_") !== true) return error.message;
  const got = error.rawPacket instanceof Uint8Array ? Buffer.from(error.rawPacket).toString("latin1") : "";
  return `the answer is not HTTP/1.1 (${error.reason ?? error.message}): it begins with ${quote(got.slice(0, 80))}`;
}
