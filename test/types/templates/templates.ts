/** Where a program declares its templates, the compiler knows their names and their data. */
import { RequestHandler, WebSocketHandler } from "waterspout";

declare module "waterspout" {
  interface Templates {
    story: { readonly title: string; readonly author?: string };
    footer: { readonly year?: number };
    empty: object;
  }
}

export class Story extends RequestHandler {
  async get() {
    const text: string = await this.renderString("footer");
    await this.renderString("footer", { year: text.length });
    await this.renderString("empty");
    // @ts-expect-error -- there is no such template
    await this.renderString("stroy", { title: "" });
    // @ts-expect-error -- it needs its data
    await this.renderString("story");
    // @ts-expect-error -- a title is a text
    await this.renderString("story", { title: 5 });
    // @ts-expect-error -- there is no such name in it
    await this.renderString("story", { title: "", subtitle: "" });
    return this.render("story", { title: "" });
  }
  override getTemplateNamespace() {
    return { ...super.getTemplateNamespace(), site: "site" };
  }
}

export class Feed extends WebSocketHandler {
  override async open() {
    this.writeMessage(await this.renderString("story", { title: "", author: "" }));
    // @ts-expect-error -- a socket has no page
    await this.render("story", { title: "" });
  }
}
