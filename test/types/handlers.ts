/** What compiles and what must not, about handlers and settings; see routes.ts. */
import type { ErrorDetails, HandlerContext, Logger, NoParams, Settings } from "../../src/index.ts";
import {
  Application,
  HttpError,
  PeriodicCallback,
  RedirectHandler,
  RequestHandler,
  route,
  WebSocketHandler,
} from "../../src/index.ts";

// What a verb may return.
export class Returns extends RequestHandler {
  get() {
    return "text";
  }
  post() {
    return { a: [1] };
  }
  put() {
    return new Uint8Array(1);
  }
  patch() {
    return new Response();
  }
  delete() {}
  async options() {
    return Promise.resolve({ later: true });
  }
}
void new Application([["/", Returns]]);

class ReturnsNumber extends RequestHandler {
  get() {
    return 5;
  }
}
class ReturnsPromisedNumber extends RequestHandler {
  async post() {
    return Promise.resolve(5);
  }
}
class ReturnsNull extends RequestHandler {
  put() {
    return null;
  }
}
class ReturnsBoolean extends RequestHandler {
  delete() {
    return true;
  }
}
class TakesArguments extends RequestHandler {
  get(id: string) {
    return id;
  }
}
// @ts-expect-error -- a number is no response
void new Application([["/", ReturnsNumber]]);
// @ts-expect-error -- neither when it comes later
void new Application([["/", ReturnsPromisedNumber]]);
// @ts-expect-error -- null is no response
void new Application([["/", ReturnsNull]]);
// @ts-expect-error -- neither is true
void new Application([["/", ReturnsBoolean]]);
// @ts-expect-error -- a verb gets no arguments: the path's are in this.params
void new Application([["/", TakesArguments]]);
// @ts-expect-error -- inside a list as well
void new Application([["/x", [["/", ReturnsNumber]]]]);
// A pattern that the compiler cannot read does not free the handler from being one.
// @ts-expect-error -- a number is no response
void new Application([[/x/, ReturnsNumber]]);

// Parameters: those declared are strings, and others do not exist.
export class Story extends RequestHandler<{ id: string }> {
  get() {
    const id: string = this.params.id;
    // @ts-expect-error -- there is no such parameter
    void this.params.name;
    // @ts-expect-error -- what was asked for cannot be changed
    this.params.id = "other";
    const argument: string = this.getQueryArgument("q");
    const all: string[] = this.getQueryArguments("q");
    return { id, argument, all };
  }
}
export class NoParameters extends RequestHandler {
  get() {
    // @ts-expect-error -- a handler that declares no parameters has none
    return this.params.id as string;
  }
}

// A handler may have a constructor, and services that come with the options.
export class Constructed extends RequestHandler {
  readonly #colours: readonly string[];
  #service = "";
  constructor(context: HandlerContext) {
    super(context);
    this.#colours = ["red"];
  }
  override initialize({ service }: { readonly service: string }) {
    this.#service = service;
  }
  get() {
    return { colours: this.#colours, service: this.#service };
  }
}
void new Application([["/", Constructed, { service: "x" }]]);

// Hooks may be async or not; what makes no sense on an open socket does not exist on its type.
export class Chat extends WebSocketHandler {
  override async prepare() {
    if ((await this.getCurrentUser()) === null) throw new HttpError(401);
    this.setHeader("X-Early", "1");
    // @ts-expect-error -- a handshake has no body
    this.write("x");
    // @ts-expect-error -- and no redirect
    this.redirect("/");
    // @ts-expect-error -- and no status of its own
    this.setStatus(201);
  }
  override checkOrigin(origin: string) {
    return Promise.resolve(origin === "https://app.example.com");
  }
  override selectSubprotocol(offered: readonly string[]) {
    return offered.find((each) => each === "chat");
  }
  override onMessage(message: string | Uint8Array) {
    const isSent: boolean = this.writeMessage(message) && this.writeMessage({ a: 1 });
    // @ts-expect-error -- a number is no message
    this.writeMessage(5);
    // @ts-expect-error -- neither is undefined
    this.writeMessage(undefined);
    // @ts-expect-error -- a close code is a number
    this.close("1000");
    if (isSent) this.close(1000, "done");
  }
  override onClose(code: number, reason: string) {
    void (code satisfies number);
    void (reason satisfies string);
  }
}
export class Wrong extends WebSocketHandler {
  // @ts-expect-error -- only a yes or a no, now or later
  override checkOrigin() {
    return "yes";
  }
}

// Settings: unknown ones and wrong kinds are found before the program runs; console and pino's shape are loggers.
export const settings: Settings = {
  debug: true,
  logger: console,
  allowedOrigins: ["https://app.example.com"],
  allowedHosts: ["app.example.com"],
  trustedProxies: ["loopback"],
  http: { maxHeaders: 50 },
  websocket: { pingIntervalMs: 0 },
};
interface LogMethod {
  (object: object, message?: string, ...values: unknown[]): void;
  (message: string, ...values: unknown[]): void;
}
declare const pino: Readonly<Record<"debug" | "info" | "warn" | "error", LogMethod>>;
export const loggers: readonly Logger[] = [console, pino];
// @ts-expect-error -- there is no such setting
void new Application([], { debgu: true });
// @ts-expect-error -- a boolean
void new Application([], { debug: "yes" });
// @ts-expect-error -- a list
void new Application([], { allowedOrigins: "https://app.example.com" });
// @ts-expect-error -- there is no such limit
void new Application([], { http: { maxHeader: 5 } });
// @ts-expect-error -- a number
void new Application([], { websocket: { pingIntervalMs: "30s" } });
// @ts-expect-error -- a logger has four methods
void new Application([], { logger: { info() {} } });

// Listening.
export async function listen(app: Application): Promise<void> {
  await using server = await app.listen(0, { host: "127.0.0.1", tls: { key: "", cert: "" } });
  const url: string = server.url;
  const port: number = server.port;
  // @ts-expect-error -- what was bound is bound
  server.port = port + url.length;
  // @ts-expect-error -- a port is a number
  await app.listen("10000");
  // @ts-expect-error -- there is no such option
  await app.listen(0, { hots: "127.0.0.1" });
}

// An application with routes that the compiler knows is an Application like any other.
export const plain: Application = new Application([["/story/:id", Story]]);

// The current user is what a handler declares, and nothing else.
interface User {
  readonly name: string;
}
export class Base<Params extends object = NoParams> extends RequestHandler<Params> {
  declare currentUser: User | null;
  override async getCurrentUser(): Promise<User | null> {
    return Promise.resolve({ name: "Ada" });
  }
}
export class Profile extends Base<{ id: string }> {
  get() {
    // @ts-expect-error -- nobody may be logged in
    void this.currentUser.name;
    const name: string = this.currentUser?.name ?? this.params.id;
    // @ts-expect-error -- a user has no such thing
    void this.currentUser?.password;
    return { name };
  }
}
export class ProfileFeed extends WebSocketHandler<{ id: string }> {
  declare currentUser: User | null;
  override open() {
    // @ts-expect-error -- a socket's user may be nobody as well
    this.writeMessage(this.currentUser.name);
    this.writeMessage(this.currentUser?.name ?? this.params.id);
  }
}
// By a generic it is said once for both: what is found, and what is there.
export abstract class TypedPage<Someone, Params extends object = NoParams> extends RequestHandler<Params> {
  declare currentUser: Someone | null;
  abstract override getCurrentUser(): Promise<Someone | null>;
}
export class Account extends TypedPage<User, { id: string }> {
  override async getCurrentUser() {
    return Promise.resolve({ name: "Ada" });
  }
  get() {
    // @ts-expect-error -- the generic says what there is
    void this.currentUser?.password;
    return { name: this.currentUser?.name, id: this.params.id };
  }
}
void new Application([
  ["/:id", Profile],
  ["/feed/:id", ProfileFeed],
  ["/account/:id", Account],
]);
export class WrongAccount extends TypedPage<User> {
  // @ts-expect-error -- a name is no user
  override async getCurrentUser() {
    return Promise.resolve("Ada");
  }
}
// @ts-expect-error -- by whichever way, the parameter id is missing
void new Application([["/", Account]]);
// @ts-expect-error -- the parameter id is missing
void new Application([["/", Profile]]);
export class Undeclared extends RequestHandler {
  get() {
    // @ts-expect-error -- who the user is has not been said
    return { name: this.currentUser.name as string };
  }
}

// Responses: streams are values like others; a status and its reason are what they are.
export class Streams extends RequestHandler {
  static override readonly customMethods = ["PROPFIND"];
  async *get() {
    yield "chunk";
    await this.flush();
  }
  post() {
    return ReadableStream.from(["chunk"]);
  }
  propfind() {
    this.setStatus(207, "Multi-Status");
    // @ts-expect-error -- a reason phrase is a text
    this.setStatus(207, 5);
    // @ts-expect-error -- a number is no chunk
    this.write(5);
    this.signal satisfies AbortSignal;
    // @ts-expect-error -- the server aborts it
    this.signal.abort();
  }
  override writeError(status: number, { code, message, error }: ErrorDetails) {
    // @ts-expect-error -- what was thrown may be anything
    void error.stack;
    return { status, code, message };
  }
}
void new Application([["/", Streams]]);
export class WrongPage extends RequestHandler {
  // @ts-expect-error -- a number is no page
  override writeError() {
    return 5;
  }
}
// @ts-expect-error -- a redirect goes somewhere
void route("/", RedirectHandler, { options: { permanent: true } });
void route("/", RedirectHandler, { options: { url: "/x" } });
// @ts-expect-error -- there is no such way to compress
void new Application([], { compressResponse: { level: 5 } });
void new Application([], { compressResponse: { gzipLevel: 5 }, securityHeaders: true, requestContext: true });

// What is called again and again is given no arguments.
export const periodic: PeriodicCallback = new Application([]).every(1000, async () => {}, { jitter: 0.1 });
// @ts-expect-error -- it would get none
void new PeriodicCallback((count: number) => count, 1000);

// Templates: names and data are free until the program declares some (see templates/).
export class Templated extends RequestHandler {
  async get() {
    const text: string = await this.renderString("any");
    // @ts-expect-error -- data have names
    await this.renderString("any", 5);
    return this.render("any", { text });
  }
}
void new Application([["/", Templated]], { templatePath: new URL("file:///templates/") });
void new Application([], { templateEngine: { render: async () => Promise.resolve("") } });
// @ts-expect-error -- an engine returns a text
void new Application([], { templateEngine: { render: () => 5 } });
