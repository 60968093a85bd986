import type { Authority } from "../protocol/http/authority.ts";
import { formatAuthority } from "../protocol/http/authority.ts";
import type { HeaderFields } from "../protocol/http/header-fields.ts";
import { fieldValue } from "../protocol/http/header-fields.ts";

/** The parts of an `HttpRequest`. @internal */
export interface HttpRequestParts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly httpVersion: string;
  readonly headers: HeaderFields;
  readonly protocol: "http" | "https";
  readonly authority: Authority;
  readonly remoteAddress: string;
}

/**
 * A request as a handler sees it: plain data, after proxies that may be believed have had their say. It holds nothing
 * of the connection, so that a WebSocket handler may keep it for hours.
 */
export class HttpRequest {
  /** In upper case, as it came: `GET`. */
  readonly method: string;
  /** The path as it came, percent-encoded. */
  readonly path: string;
  /** What follows the `?`, without it and percent-encoded; empty when there is nothing. */
  readonly query: string;
  /** `1.1` or `1.0`. */
  readonly httpVersion: string;
  /** `http` or `https`, of the client's connection, as far as it is known. */
  readonly protocol: "http" | "https";
  /** The client's address. */
  readonly remoteAddress: string;
  /** The header fields by lower-case name. */
  readonly headers: HeaderFields;
  /** The host the client asked for, parsed. @internal */
  readonly authority: Authority;

  /** @internal */
  constructor(parts: HttpRequestParts) {
    this.method = parts.method;
    this.path = parts.path;
    this.query = parts.query;
    this.httpVersion = parts.httpVersion;
    this.protocol = parts.protocol;
    this.remoteAddress = parts.remoteAddress;
    this.headers = parts.headers;
    this.authority = parts.authority;
  }

  /** Path and query as they stood in the request line. */
  get uri(): string {
    return this.query === "" ? this.path : `${this.path}?${this.query}`;
  }

  /** Host and port that the client asked for, in lower case, without a default port: `localhost:10000`. */
  get host(): string {
    return formatAuthority(this.authority, this.protocol);
  }

  /** The host without the port: `localhost`. */
  get hostname(): string {
    return this.authority.hostname;
  }

  /** A header field's value, repeated ones joined with a comma; undefined when it is absent. */
  header(name: string): string | undefined {
    return fieldValue(this.headers, name.toLowerCase());
  }

  /** The whole URL that was asked for. */
  fullUrl(): string {
    return `${this.protocol}://${this.host}${this.uri}`;
  }
}
