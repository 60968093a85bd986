/** What compiles and what must not, about cookies, users and `authenticated`. */
import type { CookieOptions, Settings } from "../../src/index.ts";
import {
  Application,
  authenticated,
  createSignedValue,
  decodeSignedValue,
  RequestHandler,
  WebSocketHandler,
} from "../../src/index.ts";

export class Cookies extends RequestHandler {
  get() {
    const maybe: string | null = this.getCookie("a");
    const certain: string = this.getCookie("a", "default");
    const signed: string | null = this.getSignedCookie("a", { maxAgeDays: 1, minVersion: 1 });
    // @ts-expect-error -- there may be none
    const wrong: string = this.getCookie("a");
    // @ts-expect-error -- cookies that came are not changed
    this.cookies.set("a", "1");
    // @ts-expect-error -- a cookie is a text
    this.setCookie("a", 1);
    // @ts-expect-error -- null is for signed cookies, which have a life by default
    this.setCookie("a", "1", { expiresDays: null });
    this.setSignedCookie("a", "1", { expiresDays: null, priority: "high", partitioned: true });
    // @ts-expect-error -- clearing has no time
    this.clearCookie("a", { maxAge: 5 });
    // @ts-expect-error -- there is no version 3
    this.getSignedCookie("a", { minVersion: 3 });
    return { maybe, certain, signed, wrong };
  }
}

export const options: CookieOptions = { sameSite: false, expires: new Date(), domain: undefined };
// @ts-expect-error -- SameSite has three values
export const wrongOptions: CookieOptions = { sameSite: "maybe" };

export const settings: Settings = { cookieSecret: process.env["COOKIE_SECRET"], xsrfCookies: true };
export const rotated: Settings = { cookieSecret: { 1: "a", 2: "b" }, keyVersion: 2 };
// @ts-expect-error -- versions are numbers
export const named: Settings = { cookieSecret: { one: "a" } };

export const token: string = createSignedValue({ 1: "a" }, "name", "value", { keyVersion: 1 });
export const text: string | null = decodeSignedValue("a", "name", token);

class Decorated extends RequestHandler<{ id: string }> {
  @authenticated
  get() {
    return this.params.id;
  }
  @authenticated
  async post() {
    return Promise.resolve({ id: this.params.id });
  }
  // @ts-expect-error -- a field is no method
  @authenticated
  field = 1;
}

@authenticated
class Feed extends WebSocketHandler<{ id: string }> {}

class WrongFeed extends WebSocketHandler {
  // @ts-expect-error -- by then the connection is open: the class is what to decorate
  @authenticated
  override open() {}
}

// @ts-expect-error -- no handler
@authenticated
export class NoHandler extends Date {}

// What is wrapped needs the same parameters as before.
void new Application([
  ["/a/:id", Decorated],
  ["/b/:id", Feed],
  ["/c/:id", authenticated(Feed)],
  ["/d", WrongFeed],
]);
// @ts-expect-error -- the pattern lacks the parameter
void new Application([["/c", authenticated(Feed)]]);
