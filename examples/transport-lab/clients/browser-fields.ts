/**
 * The header fields that a browser sends, since they are what the story of polling is about: a client that left them out would
 * make polling look cheaper than it is. These are those of Chromium 156 on a page of the same origin over HTTPS, with no cookie; a real site adds its own.
 */
const everywhere = (origin: string): readonly string[] => [
  `Host: ${origin.slice(origin.lastIndexOf("/") + 1)}`,
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
  `Origin: ${origin}`,
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-US,en;q=0.9",
];

/** The head of a POST by `fetch`, up to the length of its body. */
export function postHead(origin: string, path: string, accept: string): string {
  return [
    `POST ${path} HTTP/1.1`,
    ...everywhere(origin),
    "Connection: keep-alive",
    'sec-ch-ua-platform: "Linux"',
    'sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"',
    "sec-ch-ua-mobile: ?0",
    "Content-Type: text/plain;charset=UTF-8",
    `Accept: ${accept}`,
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Dest: empty",
    `Referer: ${origin}/`,
    "Content-Length: ",
  ].join("\r\n");
}

/** The handshake of a WebSocket. */
export function handshakeHead(origin: string, path: string, key: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    ...everywhere(origin),
    "Connection: Upgrade",
    "Pragma: no-cache",
    "Cache-Control: no-cache",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "\r\n",
  ].join("\r\n");
}
