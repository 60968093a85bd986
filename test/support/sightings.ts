import type { RouteEntry } from "../../src/index.ts";
import { RequestHandler } from "../../src/index.ts";

/** Routes whose handlers write down which requests they see: that, and not the answers, is what smuggling is about. */
export class Sightings {
  readonly #readsBodies: boolean;
  #seen: string[] = [];
  /** For the paths of the corpus; "/none" is none of them. */
  readonly routes: readonly RouteEntry[];
  /** For every path. */
  readonly allRoutes: readonly RouteEntry[];

  constructor(readsBodies: boolean) {
    this.#readsBodies = readsBodies;
    const routes = ["/get", "/post", "/next", "/smuggled"] as const;
    const { Witness } = this.#handlers();
    this.routes = routes.map((path) => [path, Witness]);
    this.allRoutes = [["/*", Witness]];
  }

  /** What of an expectation such handlers can see: those that do not read bodies, no body. */
  visible(line: string): string {
    return this.#readsBodies ? line : line.split(" ", 2).join(" ");
  }

  /** What was seen since the last call, in order. */
  take(): readonly string[] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  #handlers() {
    const readsBodies = this.#readsBodies;
    const write = (line: string): ((body: string) => void) => {
      const seen = this.#seen;
      const index = seen.push(line) - 1;
      return (body) => {
        seen[index] = body === "" ? line : `${line} ${body}`;
      };
    };
    class Witness extends RequestHandler {
      static override readonly maxBodyBytes: number = 2000;
      #addBody: (body: string) => void = () => {};
      override prepare() {
        this.#addBody = write(`${this.request.method} ${this.request.path}`);
      }
      get() {
        return "got";
      }
      options() {
        return "options";
      }
      async post() {
        if (readsBodies) this.#addBody(await this.text());
        return "posted";
      }
      delete() {
        return this.post();
      }
    }
    return { Witness };
  }
}
