import { randomUUID } from "node:crypto";
import { pathOnSite } from "waterspout";
import { closeSocketsOf } from "./room.ts";
import { Page } from "./users.ts";

/** 1 to 40 characters, one of them to be seen, and none that ends a line or turns the direction of what follows. */
const validName = /^(?=.*[\p{L}\p{N}\p{P}\p{S}])[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]{1,40}$/u;

/** Asks for a name. A real site asks for a password as well, here. */
export class Login extends Page {
  /** Where to go on: `authenticated` has put it into the query, and the form has it from there. A stranger may have written it. */
  get #next(): string {
    return pathOnSite(this.getArgument("next", "/"));
  }

  async get(): Promise<void> {
    if (this.currentUser === null) await this.#ask();
    else this.redirect(this.#next);
  }

  async post(): Promise<void> {
    const name = this.getBodyArgument("name", "").normalize();
    if (!validName.test(name)) {
      this.setStatus(400);
      await this.#ask(
        name,
        "A name has 1 to 40 characters, something to see among them, and no control characters.",
      );
      return;
    }
    // A browser has one login at a time.
    if (this.currentUser !== null) closeSocketsOf(this.currentUser);
    this.logIn({ name, loginId: randomUUID() });
    this.redirect(this.#next);
  }

  #ask(name = "", problem = ""): Promise<void> {
    return this.render("login", { name, problem, next: this.#next });
  }
}

/** Ends a login, in all tabs of the browser. By POST only: otherwise an image on another site's page could do it. */
export class Logout extends Page {
  post(): void {
    if (this.currentUser !== null) closeSocketsOf(this.currentUser);
    this.logOut();
    this.redirect("/login");
  }
}
