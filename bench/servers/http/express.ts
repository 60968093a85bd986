import express from "express";
import type { AddressInfo } from "node:net";
import { announce } from "../contract.ts";
import { options } from "./options.ts";
import { filesPath, greeting, itemOf } from "./pages.ts";

const app = express();
app.get("/", (_request, response) => response.type("text/plain").send(greeting));
app.get("/items/:id", (request, response) => response.json(itemOf(request.params.id)));
app.use(filesPath, express.static(options.directory));
const listener = app.listen(0, "127.0.0.1", () => announce((listener.address() as AddressInfo).port));
