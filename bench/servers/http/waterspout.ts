import { Application, RequestHandler, StaticFileHandler } from "waterspout";
import { announce } from "../contract.ts";
import { options } from "./options.ts";
import { filesPath, greeting, itemOf } from "./pages.ts";

class Greeting extends RequestHandler {
  get(): string {
    this.setHeader("Content-Type", "text/plain; charset=utf-8");
    return greeting;
  }
}

class ItemHandler extends RequestHandler<{ id: string }> {
  get(): object {
    return itemOf(this.params.id);
  }
}

const app = new Application(
  [
    ["/", Greeting],
    ["/items/:id", ItemHandler],
    [`${filesPath}*`, StaticFileHandler, { root: options.directory }],
  ],
  // The others log nothing either.
  { accessLog: process.env["BENCH_ACCESS_LOG"] === "1" },
);
const server = await app.listen(0, { host: "127.0.0.1" });
announce(server.port);
