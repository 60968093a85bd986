/** What keeps the cookies of a browser that visits both halves of a site; it understands no attributes. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** Fetches with the cookies, and keeps those that come back. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("cookie", this.header);
    const response = await fetch(url, { ...init, headers });
    for (const field of response.headers.getSetCookie()) {
      const [pair = ""] = field.split(";", 1);
      const equals = pair.indexOf("=");
      this.#cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return response;
  }

  /** All of them, as the header field Cookie has them. */
  get header(): string {
    return [...this.#cookies].map((pair) => pair.join("=")).join("; ");
  }

  get(name: string): string {
    return this.#cookies.get(name) ?? "";
  }

  set(name: string, value: string): void {
    this.#cookies.set(name, value);
  }
}
