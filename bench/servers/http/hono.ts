import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { announce } from "../contract.ts";
import { options } from "./options.ts";
import { filesPath, greeting, itemOf } from "./pages.ts";

const app = new Hono();
app.get("/", (context) => context.text(greeting));
app.get("/items/:id", (context) => context.json(itemOf(context.req.param("id"))));
app.use(
  `${filesPath}*`,
  serveStatic({
    root: options.directory,
    rewriteRequestPath: (path) => path.slice(filesPath.length - 1),
  }),
);
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => announce(port));
