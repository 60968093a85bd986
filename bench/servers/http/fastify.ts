import files from "@fastify/static";
import { fastify } from "fastify";
import type { AddressInfo } from "node:net";
import { announce } from "../contract.ts";
import { options } from "./options.ts";
import { filesPath, greeting, itemOf } from "./pages.ts";

/** By which JSON is written faster than without; its documentation advises it. */
const itemSchema = {
  type: "object",
  properties: {
    id: { type: "string" },
    name: { type: "string" },
    price: { type: "number" },
    currency: { type: "string" },
    inStock: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
  },
};

const app = fastify();
app.get("/", (_request, reply) => reply.send(greeting));
app.get("/items/:id", { schema: { response: { 200: itemSchema } } }, (request, reply) =>
  reply.send(itemOf(request.params.id)),
);
app.register(files, { root: options.directory, prefix: filesPath });
await app.listen({ port: 0, host: "127.0.0.1" });
announce((app.server.address() as AddressInfo).port);
