/** The parts of the opponents' interfaces that are used here: their packages are not there before the first run. */
declare module "socket.io" {
  import type { Server as Listener } from "node:http";

  interface Socket {
    on(event: "message", listener: (message: unknown) => void): void;
    emit(event: "message", message: unknown): void;
  }
  class Server {
    constructor(server: Listener, options: object);
    on(event: "connection", listener: (socket: Socket) => void): void;
    emit(event: "message", message: unknown): void;
  }
}

declare module "fastify" {
  import type { Server as Listener } from "node:http";

  interface Request {
    readonly params: { readonly id: string };
  }
  interface Reply {
    send(payload: unknown): Reply;
  }
  type Handler = (request: Request, reply: Reply) => void;
  interface Server {
    readonly server: Listener;
    get(path: string, handler: Handler): void;
    get(path: string, options: object, handler: Handler): void;
    register(plugin: object, options: object): void;
    listen(options: object): Promise<string>;
  }
  function fastify(): Server;
}

declare module "@fastify/static" {
  const plugin: object;
  export default plugin;
}

declare module "hono" {
  interface Context {
    readonly req: { param(name: string): string };
    text(text: string): Response;
    json(value: object): Response;
  }
  class Hono {
    readonly fetch: (request: Request) => Response | Promise<Response>;
    get(path: string, handler: (context: Context) => Response): void;
    use(path: string, middleware: object): void;
  }
}

declare module "@hono/node-server" {
  import type { AddressInfo } from "node:net";

  function serve(options: object, listening: (address: AddressInfo) => void): void;
}

declare module "@hono/node-server/serve-static" {
  function serveStatic(options: {
    readonly root: string;
    readonly rewriteRequestPath: (path: string) => string;
  }): object;
}

declare module "express" {
  import type { RequestListener, Server as Listener } from "node:http";

  interface Request {
    readonly params: { readonly id: string };
  }
  interface Response {
    type(type: string): Response;
    send(body: string): void;
    json(value: object): void;
  }
  interface Application {
    get(path: string, handler: (request: Request, response: Response) => void): void;
    use(path: string, middleware: RequestListener): void;
    listen(port: number, host: string, listening: () => void): Listener;
  }
  function express(): Application;
  namespace express {
    function static(directory: string): RequestListener;
  }
  export default express;
}
