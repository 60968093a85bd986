/**
 * Requests that two servers might read differently, as bytes: what one of them takes for a body and the other for a request is
 * smuggled past the first. Each says what must come of it where it reaches this server directly; behind a proxy nothing is
 * asked but that both count the same requests.
 */

/** What must come of a case. */
export interface SmugglingOutcome {
  /** The requests that handlers see, in order, as "METHOD path", with the body behind it if there is one. */
  readonly seen: readonly string[];
  /** The answers, in order. */
  readonly statuses: readonly number[];
  /** Whether the connection is good for the next request. */
  readonly isOpen: boolean;
  /** Whether the body that was announced is longer than all that comes: the client ends its side instead of asking on. */
  readonly isCutShort?: boolean;
}

export interface SmugglingCase extends SmugglingOutcome {
  readonly name: string;
  readonly bytes: string;
}

/** What a body or a field hides. A handler sees it only where it is a request of its own. */
const hidden = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
const size = hidden.length;

const request = (requestLine: string, fields = "", body = ""): string =>
  `${requestLine}\r\nHost: localhost\r\n${fields}\r\n${body}`;
const get = (fields: string): string => request("GET /get HTTP/1.1", fields);
const post = (fields: string, body = hidden): string => request("POST /post HTTP/1.1", fields, body);
const length = (value: string | number): string => `Content-Length: ${value}\r\n`;
const coding = (value: string): string => `Transfer-Encoding: ${value}\r\n`;
const chunked = coding("chunked");
const lastChunk = "0\r\n\r\n";
/** A body in chunks that is over at once: who does not see the chunks takes the request behind it for the body. */
const overAtOnce = `${lastChunk}${hidden}`;
const inChunks = (chunks: string, end = lastChunk): string => post(chunked, `${chunks}${end}${hidden}`);
/** A line by itself, and what stands in place of the Host field. */
const bare = (requestLine: string, fields: string): string => `${requestLine}\r\n${fields}\r\n`;

const posted = `POST /post ${hidden}`;
const smuggled = "GET /smuggled";

function outcome(of: SmugglingOutcome, cases: Readonly<Record<string, string>>): SmugglingCase[] {
  return Object.entries(cases).map(([name, bytes]) => Object.assign({ name, bytes }, of));
}

/** 400 before any handler, and the end of the connection: nobody knows what the bytes behind it are. */
const refused = (cases: Readonly<Record<string, string>>): SmugglingCase[] =>
  outcome({ seen: [], statuses: [400], isOpen: false }, cases);

/** The beginning of a body has come already when the rest turns out to be wrong: its handler is told, and nothing behind it is seen. */
const broken = (cases: Readonly<Record<string, string>>): SmugglingCase[] =>
  outcome({ seen: ["POST /post"], statuses: [400], isOpen: false }, cases);

/** An answer of this status, and the connection goes on: what was wrong had nothing to do with where the request ends. */
const answered = (status: number, cases: Readonly<Record<string, string>>): SmugglingCase[] =>
  outcome({ seen: [], statuses: [status], isOpen: true }, cases);

/** These requests are served, and the connection goes on. */
const served = (seen: readonly string[], cases: Readonly<Record<string, string>>): SmugglingCase[] =>
  outcome({ seen, statuses: seen.map(() => 200), isOpen: true }, cases);

/** This request is served, and is the last. */
const servedLast = (seen: string, cases: Readonly<Record<string, string>>): SmugglingCase[] =>
  outcome({ seen: [seen], statuses: [200], isOpen: false }, cases);

/** The corpus by what it plays with. */
export const smugglingCorpus: Readonly<Record<string, readonly SmugglingCase[]>> = {
  "Content-Length": [
    ...served([posted], {
      "a request in the body": post(length(size)),
      "leading zeros": post(length(`000${size}`)),
      "spaces around it": post(`Content-Length:  ${size}  \r\n`),
    }),
    ...served(["GET /get"], { "a GET with a body": get(length(size)) + hidden }),
    ...served([`DELETE /post ${hidden}`], {
      "a DELETE with a body": request("DELETE /post HTTP/1.1", length(size), hidden),
    }),
    ...served(["OPTIONS /get"], {
      "an OPTIONS with a body": request("OPTIONS /get HTTP/1.1", length(size), hidden),
    }),
    // Another field: the body is a request.
    ...served(["POST /post", smuggled], {
      "no length, but a body": post(""),
      "an underscore in the name": post(`Content_Length: ${size}\r\n`),
    }),
    ...refused({
      "twice, equal": post(length(size) + length(size)),
      "twice, the first one 0": post(length(0) + length(size)),
      "twice, the second one 0": post(length(size) + length(0)),
      "twice, in another case": post(`content-length: 0\r\n${length(size)}`),
      "a list of equals": post(length(`${size}, ${size}`)),
      "a list": post(length(`0, ${size}`)),
      "a comma behind": post(length("0,")),
      "a plus": post(length(`+${size}`)),
      "a minus": post(length(`-${size}`)),
      "minus zero": post(length("-0")),
      hexadecimal: post(length(`0x${size.toString(16)}`)),
      "an exponent": post(length("4e1")),
      "a fraction": post(length("0.0")),
      "a space inside": post(length("4 0")),
      "an underscore inside": post(length("4_0")),
      quoted: post(length('"0"')),
      empty: post("Content-Length:\r\n"),
      "nothing but spaces": post("Content-Length:   \r\n"),
      "a tab behind": post(length("0\t")),
      "a vertical tab before": post(length("\v0")),
      "a digit of another alphabet": post(length("\xb2")),
      "a NUL behind": post(length("0\0")),
      "2^64": post(length("18446744073709551616")),
      "a hundred digits": post(length("9".repeat(100))),
      "a space before the colon": post(`Content-Length : ${size}\r\n`),
      "a tab before the colon": post(`Content-Length\t: ${size}\r\n`),
      "a space before the name": post(` Content-Length: ${size}\r\n`),
      "behind a bare CR": post(`X: y\rContent-Length: ${size}\r\n`),
      "behind a bare LF": post(`X: y\nContent-Length: ${size}\r\n`),
    }),
    ...outcome(
      { seen: ["POST /post"], statuses: [413], isOpen: false, isCutShort: true },
      { "more than can be counted": post(length("9007199254740993")) },
    ),
  ],
  "Transfer-Encoding": [
    ...served([posted], {
      "a request in a chunk": post(chunked, `${size.toString(16)}\r\n${hidden}\r\n${lastChunk}`),
    }),
    ...served(["GET /get", smuggled], { "a GET with chunks": get(chunked) + overAtOnce }),
    ...served(["POST /post", smuggled], {
      "nothing in it": post(chunked, overAtOnce),
      "in capitals": post(coding("CHUNKED"), overAtOnce),
      "its name in capitals": post("TRANSFER-ENCODING: chunked\r\n", overAtOnce),
      "a tab before": post("Transfer-Encoding:\tchunked\r\n", overAtOnce),
      "spaces around": post("Transfer-Encoding:   chunked  \r\n", overAtOnce),
      "named by Connection": post(`Connection: Transfer-Encoding\r\n${chunked}`, overAtOnce),
    }),
    ...refused({
      "behind a length": post(length(overAtOnce.length) + chunked, overAtOnce),
      "before a length": post(chunked + length(overAtOnce.length), overAtOnce),
      "with a length of 0": post(chunked + length(0), overAtOnce),
      "identity, with a length": post(coding("identity") + length(size)),
      "an unknown one, with a length": post(coding("xchunked") + length(size)),
      "empty, with a length": post(`Transfer-Encoding:\r\n${length(size)}`),
      "chunked, identity": post(coding("chunked, identity"), overAtOnce),
      "identity, chunked": post(coding("identity, chunked"), overAtOnce),
      "gzip, chunked": post(coding("gzip, chunked"), overAtOnce),
      "chunked, chunked": post(coding("chunked, chunked"), overAtOnce),
      "chunked twice": post(chunked + chunked, overAtOnce),
      "chunked, then identity in a second field": post(chunked + coding("identity"), overAtOnce),
      "identity, then chunked in a second field": post(coding("identity") + chunked, overAtOnce),
      "chunked, then an unknown one in a second field": post(chunked + coding("x"), overAtOnce),
      "empty, then chunked in a second field": post(`Transfer-Encoding:\r\n${chunked}`, overAtOnce),
      identity: post(coding("identity"), overAtOnce),
      empty: post("Transfer-Encoding:\r\n", overAtOnce),
      "a letter before": post(coding("xchunked"), overAtOnce),
      "a letter behind": post(coding("chunkedx"), overAtOnce),
      "a space inside": post(coding("chun ked"), overAtOnce),
      "a parameter": post(coding("chunked;q=1"), overAtOnce),
      "a comma behind": post(coding("chunked,"), overAtOnce),
      "a comma before": post(coding(",chunked"), overAtOnce),
      quoted: post(coding('"chunked"'), overAtOnce),
      "a tab behind": post(coding("chunked\t"), overAtOnce),
      "a vertical tab before": post(coding("\vchunked"), overAtOnce),
      "a vertical tab behind": post(coding("chunked\v"), overAtOnce),
      "a form feed before": post(coding("\fchunked"), overAtOnce),
      "a no-break space before": post(coding("\xa0chunked"), overAtOnce),
      "a NUL behind": post(coding("chunked\0"), overAtOnce),
      "a space before the colon": post("Transfer-Encoding : chunked\r\n", overAtOnce),
      folded: post("Transfer-Encoding:\r\n chunked\r\n", overAtOnce),
      "folded, with a length": post(
        `Transfer-Encoding:\r\n chunked\r\n${length(overAtOnce.length)}`,
        overAtOnce,
      ),
      "behind a bare CR": post("X: y\rTransfer-Encoding: chunked\r\n", overAtOnce),
      "behind a bare LF": post("X: y\nTransfer-Encoding: chunked\r\n", overAtOnce),
      "behind LF and CR": post("X: y\n\rTransfer-Encoding: chunked\r\n", overAtOnce),
      "in HTTP/1.0": request("POST /post HTTP/1.0", chunked, overAtOnce),
      "in HTTP/1.0 that is kept alive": request(
        "POST /post HTTP/1.0",
        `Connection: keep-alive\r\n${chunked}`,
        overAtOnce,
      ),
      "in HTTP/1.0 with a length": request(
        "POST /post HTTP/1.0",
        `Connection: keep-alive\r\n${chunked}${length(5)}`,
        overAtOnce,
      ),
    }),
    // Another field: the chunks are no request, and what is behind them is not looked at.
    ...outcome(
      { seen: ["POST /post"], statuses: [200, 400], isOpen: false },
      { "an underscore in the name": post("Transfer_Encoding: chunked\r\n", overAtOnce) },
    ),
  ],
  chunks: [
    ...served(["POST /post hello", smuggled], {
      "an extension": inChunks("5;a=b\r\nhello\r\n"),
      "a quoted extension": inChunks('5;a="b;c"\r\nhello\r\n'),
      "an extension at the end": inChunks("5\r\nhello\r\n", "0;a=b\r\n\r\n"),
      "leading zeros": inChunks("0005\r\nhello\r\n"),
      "a hundred zeros": inChunks(`${"0".repeat(100)}5\r\nhello\r\n`),
      "several zeros at the end": inChunks("5\r\nhello\r\n", "000\r\n\r\n"),
      "a trailer": inChunks("5\r\nhello\r\n", "0\r\nX: y\r\n\r\n"),
      // Handlers do not see trailers, so that these say nothing.
      "Host as a trailer": inChunks("5\r\nhello\r\n", "0\r\nHost: evil.example\r\n\r\n"),
      "Cookie as a trailer": inChunks("5\r\nhello\r\n", "0\r\nCookie: a=b\r\n\r\n"),
      "Upgrade as a trailer": inChunks("5\r\nhello\r\n", "0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
    }),
    ...served(["POST /post hellohello", smuggled], {
      "a capital digit": inChunks("A\r\nhellohello\r\n"),
      "a small digit": inChunks("a\r\nhellohello\r\n"),
    }),
    ...refused({
      "spaces around an extension": inChunks("5 ; a = b\r\nhello\r\n"),
      "an extension without a name": inChunks("5;\r\nhello\r\n"),
      "an extension with LF": inChunks("5;a\nhello\r\n"),
      "an extension with CR": inChunks("5;a\rb\r\nhello\r\n"),
      "an extension with NUL": inChunks("5;a\0\r\nhello\r\n"),
      "CR LF in quotes": inChunks('5;a="\r\n"\r\nhello\r\n'),
      "LF in quotes": inChunks('5;a="\n"\r\nhello\r\n'),
      "an extension of 20 kB": inChunks(`5;a=${"x".repeat(20_000)}\r\nhello\r\n`),
      "LF behind the size": inChunks("5\nhello\r\n"),
      "CR behind the size": inChunks("5\rhello\r\n"),
      "CR CR LF behind the size": inChunks("5\r\r\nhello\r\n"),
      "0x": inChunks("0x5\r\nhello\r\n"),
      "a plus": inChunks("+5\r\nhello\r\n"),
      "a minus": inChunks("-5\r\nhello\r\n"),
      "an underscore": inChunks("0_5\r\nhello\r\n"),
      "a space before": inChunks(" 5\r\nhello\r\n"),
      "a space behind": inChunks("5 \r\nhello\r\n"),
      "a tab behind": inChunks("5\t\r\nhello\r\n"),
      "no size": inChunks("\r\nhello\r\n"),
      "no size, but an extension": inChunks(";a=b\r\nhello\r\n"),
      "no digit": inChunks("g\r\nhello\r\n"),
      "2^64 and 5": inChunks("10000000000000005\r\nhello\r\n"),
      "no chunks at all": post(chunked),
    }),
    ...broken({
      "LF behind the bytes": inChunks("5\r\nhello\n"),
      "nothing behind the bytes": inChunks("5\r\nhello"),
      "two letters behind the bytes": inChunks("5\r\nhelloXX"),
      "a size too small": inChunks("4\r\nhello\r\n"),
      "a size too large": inChunks("6\r\nhello\r\n"),
      "LF at the end": inChunks("5\r\nhello\r\n", "0\n\n"),
      "CR LF LF at the end": inChunks("5\r\nhello\r\n", "0\r\n\n"),
      "one CR LF at the end": inChunks("5\r\nhello\r\n", "0\r\n"),
      "Content-Length as a trailer": inChunks("5\r\nhello\r\n", `0\r\n${length(size)}\r\n`),
      "Transfer-Encoding as a trailer": inChunks("5\r\nhello\r\n", `0\r\n${chunked}\r\n`),
      "LF behind a trailer": inChunks("5\r\nhello\r\n", "0\r\nX: y\n\r\n"),
      "a trailer with a space before the colon": inChunks("5\r\nhello\r\n", "0\r\nX : y\r\n\r\n"),
      "a folded trailer": inChunks("5\r\nhello\r\n", "0\r\nX: y\r\n z\r\n\r\n"),
    }),
    ...outcome(
      { seen: ["POST /post"], statuses: [], isOpen: false, isCutShort: true },
      {
        "2^32 and 5": inChunks("100000005\r\nhello\r\n"),
        "2^64 - 1": inChunks("ffffffffffffffff\r\nhello\r\n"),
      },
    ),
  ],
  "lines and header fields": [
    ...served(["GET /get"], {
      "empty lines before (RFC 9112 §2.2)": `\r\n\r\n${get("")}`,
      "LF before": `\n${get("")}`,
      "a letter outside ASCII in a value": get("X: \xe9\r\n"),
    }),
    ...refused({
      "LF behind the request line": "GET /get HTTP/1.1\nHost: localhost\r\n\r\n",
      "LF behind a field": "GET /get HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
      "LF at the end": "GET /get HTTP/1.1\r\nHost: localhost\r\n\n",
      "nothing but LF": "GET /get HTTP/1.1\nHost: localhost\n\n",
      "LF and CR LF at the end": "GET /get HTTP/1.1\r\nHost: localhost\n\r\n",
      "nothing but CR": "GET /get HTTP/1.1\rHost: localhost\r\r",
      "CR in a value": get("X: a\rb\r\n"),
      "two CR and a request in a value": get(`X: a\r\r${hidden}`),
      "CR CR LF": get("X: a\r\r\n"),
      "CR at the end": "GET /get HTTP/1.1\r\nHost: localhost\r\n\rX",
      "NUL in a value": get("X: a\0b\r\n"),
      "NUL in a name": get("X\0: a\r\n"),
      "a control character in a value": get("X: a\x01b\r\n"),
      "DEL in a value": get("X: a\x7fb\r\n"),
      "folded with a space": get("X: a\r\n b\r\n"),
      "folded with a tab": get("X: a\r\n\tb\r\n"),
      "folded with nothing": get("X: a\r\n \r\n"),
      "the first field folded": bare("GET /get HTTP/1.1", " Host: localhost\r\n"),
      "a space before the colon": get("X : a\r\n"),
      "a space in a name": get("X Y: a\r\n"),
      "a parenthesis in a name": get("X(Y: a\r\n"),
      "a letter outside ASCII in a name": get("X\xe9: a\r\n"),
      "an empty name": get(": a\r\n"),
      "no colon": get("X\r\n"),
      "a request line among the fields": get("GET /smuggled HTTP/1.1\r\n"),
      "a line of a space before": ` \r\n${get("")}`,
      "a space before": ` ${get("")}`,
      "a tab before": `\t${get("")}`,
      "a byte order mark before": `\xef\xbb\xbf${get("")}`,
    }),
  ],
  "request line": [
    ...served(["GET /get"], {
      "two spaces before the target": request("GET  /get HTTP/1.1"),
      "two spaces before the version": request("GET /get  HTTP/1.1"),
      "HTTP/1.0 that is kept alive": request("GET /get HTTP/1.0", "Connection: keep-alive\r\n"),
    }),
    ...servedLast("GET /get", { "HTTP/1.0": request("GET /get HTTP/1.0") }),
    ...answered(400, { "a fragment": request("GET /get#x HTTP/1.1") }),
    ...answered(404, { "CR LF in escapes": request("GET /get%0d%0aX:y HTTP/1.1") }),
    ...refused({
      "HTTP/0.9": "GET /get\r\n\r\n",
      "HTTP/0.9 with one line": "GET /get\r\n",
      "HTTP/0.9 with LF": "GET /get\n",
      "HTTP/0.9 with header fields": request("GET /get"),
      "HTTP/0.9 by name": request("GET /get HTTP/0.9"),
      "HTTP/1.2": request("GET /get HTTP/1.2"),
      "HTTP/2.0": request("GET /get HTTP/2.0"),
      "HTTP/2.0 with chunks": request("POST /post HTTP/2.0", chunked, overAtOnce),
      "HTTP/1.10": request("GET /get HTTP/1.10"),
      "HTTP/01.1": request("GET /get HTTP/01.1"),
      "HTTP/1,1": request("GET /get HTTP/1,1"),
      "HTTP/1": request("GET /get HTTP/1"),
      "http/1.1": request("GET /get http/1.1"),
      "HTTPS/1.1": request("GET /get HTTPS/1.1"),
      "ICE/1.0": request("GET /get ICE/1.0"),
      "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "a tab between": request("GET\t/get\tHTTP/1.1"),
      "a tab before the version": request("GET /get\tHTTP/1.1"),
      "a vertical tab between": request("GET\v/get HTTP/1.1"),
      "a space at the end": request("GET /get HTTP/1.1 "),
      "a word at the end": request("GET /get HTTP/1.1 x"),
      "two versions": request("GET /get HTTP/1.1 HTTP/1.1"),
      "a space in the target": request("GET /get /x HTTP/1.1"),
      "NUL in the target": request("GET /g\0et HTTP/1.1"),
      "a letter outside ASCII in the target": request("GET /g\xe9t HTTP/1.1"),
      "a backslash": request("GET \\get HTTP/1.1"),
      "a path without a slash": request("GET get HTTP/1.1"),
      "no target": request("GET HTTP/1.1"),
      "no method": request(" /get HTTP/1.1"),
      "a method in small letters": request("get /get HTTP/1.1"),
      "a method that there is not": request("BREW /get HTTP/1.1"),
      "a method with a letter more": request("GETT /get HTTP/1.1"),
    }),
  ],
  "host and target": [
    ...served(["GET /get"], {
      "absolute-form": request("GET http://localhost/get HTTP/1.1"),
      // RFC 9112 §3.2.2: the target counts.
      "absolute-form, Host is another": bare("GET http://localhost/get HTTP/1.1", "Host: evil.example\r\n"),
      "absolute-form with https": request("GET https://localhost/get HTTP/1.1"),
    }),
    ...servedLast("GET /get", { "HTTP/1.0 without Host": bare("GET /get HTTP/1.0", "") }),
    ...answered(403, {
      "absolute-form of another host": request("GET http://evil.example/get HTTP/1.1"),
      "another Host": bare("GET /get HTTP/1.1", "Host: evil.example\r\n"),
      "another Host, and a request in the body":
        bare("POST /post HTTP/1.1", `Host: evil.example\r\n${length(size)}`) + hidden,
    }),
    ...answered(404, {
      "absolute-form without a path": request("GET http://localhost HTTP/1.1"),
      "two slashes": request("GET //evil.example/get HTTP/1.1"),
      "asterisk-form": request("OPTIONS * HTTP/1.1"),
      "asterisk-form of a GET": request("GET * HTTP/1.1"),
    }),
    ...answered(400, {
      "absolute-form with a user": request("GET http://a@localhost/get HTTP/1.1"),
      "absolute-form without a host": request("GET http:///get HTTP/1.1"),
      "absolute-form of another scheme": request("GET ftp://localhost/get HTTP/1.1"),
      "absolute-form, no Host": bare("GET http://localhost/get HTTP/1.1", ""),
      "no Host": bare("GET /get HTTP/1.1", ""),
      "Host twice, equal": request("GET /get HTTP/1.1", "Host: localhost\r\n"),
      "Host twice": request("GET /get HTTP/1.1", "Host: evil.example\r\n"),
      "a list": bare("GET /get HTTP/1.1", "Host: localhost, evil.example\r\n"),
      "an empty Host": bare("GET /get HTTP/1.1", "Host:\r\n"),
      "a Host with a path": bare("GET /get HTTP/1.1", "Host: localhost/x\r\n"),
      "a Host with a user": bare("GET /get HTTP/1.1", "Host: a@localhost\r\n"),
      "a Host with a space": bare("GET /get HTTP/1.1", "Host: local host\r\n"),
      "a Host with a port that is none": bare("GET /get HTTP/1.1", "Host: localhost:x\r\n"),
    }),
    ...refused({
      "authority-form of a GET": request("GET localhost:80 HTTP/1.1"),
      "authority-form of a CONNECT": request("CONNECT localhost:80 HTTP/1.1", "", hidden),
    }),
  ],
  "connection, Upgrade and Expect": [
    ...served(["GET /get", smuggled], { "two requests in one segment": get("") + hidden }),
    ...servedLast("GET /get", {
      "Connection: close": get("Connection: close\r\n") + hidden,
      "close in a list": get("Connection: keep-alive, close\r\n") + hidden,
      "HTTP/1.0": request("GET /get HTTP/1.0", "", hidden),
      // What comes behind it may be the other protocol.
      "Upgrade to another protocol": get("Connection: upgrade\r\nUpgrade: h2c\r\n") + hidden,
      // RFC 9110 §10.1.1: what comes behind it may be the body.
      "100-continue without a body": get("Expect: 100-continue\r\n") + hidden,
    }),
    ...served([posted], {
      "Upgrade with a length": post(`Connection: upgrade\r\nUpgrade: h2c\r\n${length(size)}`),
    }),
    ...served(["POST /post hello", smuggled], {
      "Upgrade with chunks": post(
        `Connection: upgrade\r\nUpgrade: h2c\r\n${chunked}`,
        `5\r\nhello\r\n${overAtOnce}`,
      ),
    }),
    ...served(["GET /get"], {
      "Upgrade without Connection": get("Upgrade: h2c\r\n"),
      "Connection without Upgrade": get("Connection: upgrade\r\n"),
      "a length named by Connection": get(`Connection: keep-alive, Content-Length\r\n${length(0)}`),
    }),
    ...refused({
      "a WebSocket's handshake with a body":
        get(`Connection: upgrade\r\nUpgrade: websocket\r\n${length(size)}`) + hidden,
      "Upgrade with a Transfer-Encoding of another kind": post(
        `Connection: upgrade\r\nUpgrade: h2c\r\n${coding("identity, chunked")}`,
        overAtOnce,
      ),
    }),
    ...outcome(
      { seen: ["POST /post hello"], statuses: [100, 200], isOpen: true },
      { "100-continue": post(`Expect: 100-continue\r\n${length(5)}`, "hello") },
    ),
    ...outcome(
      { seen: [], statuses: [404], isOpen: false },
      {
        "100-continue, and nobody wants the body": request(
          "POST /none HTTP/1.1",
          `Expect: 100-continue\r\n${length(size)}`,
          hidden + hidden,
        ),
      },
    ),
    ...answered(417, { "another expectation": post(`Expect: 200-ok\r\n${length(size)}`) }),
    ...outcome(
      { seen: [], statuses: [417], isOpen: false },
      { "a list of expectations": post(`Expect: 100-continue, x\r\n${length(size)}`) },
    ),
    ...answered(404, {
      "a request in a body that nobody wants": request("POST /none HTTP/1.1", length(size), hidden),
    }),
  ],
};
