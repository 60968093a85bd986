import type { WebSocketHandler } from "waterspout";
import { RequestHandler } from "waterspout";

/** Who is logged in. There is no password: who types a name has it, and two people may have the same. */
export interface User {
  readonly name: string;
  /** Of this login alone, which may be one of several with this name. */
  readonly loginId: string;
}

const cookieName = "chat_login";

/** Who sent a request, by its signed cookie: the same for pages and for the socket, whose handshake is a request, too. What is signed was written here. */
export function userOf(handler: RequestHandler | WebSocketHandler): User | null {
  const cookie = handler.getSignedCookie(cookieName);
  return cookie === null ? null : (JSON.parse(cookie) as User);
}

/** What all pages have in common. */
export abstract class Page extends RequestHandler {
  declare currentUser: User | null;

  override getCurrentUser(): User | null {
    return userOf(this);
  }

  override setDefaultHeaders(): void {
    // Scripts, styles and connections of this site alone, and none that stand in the page: should text ever get into it unescaped, it would not run.
    this.setHeader(
      "Content-Security-Policy",
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    );
    // What the room said is not for whoever presses "back" after the logout.
    this.setHeader("Cache-Control", "no-store");
  }

  logIn(user: User): void {
    this.setSignedCookie(cookieName, JSON.stringify(user));
  }

  /** Has the browser forget the login. A copy of the cookie would still be good: to end that as well, a site keeps its logins itself. */
  logOut(): void {
    this.clearCookie(cookieName);
  }
}
