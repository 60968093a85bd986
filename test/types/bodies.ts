/** What compiles and what must not, about the bodies of requests; see routes.ts. */
import { type } from "arktype";
import * as v from "valibot";
import * as z from "zod";
import type { FormFile, FormPart, SchemaOutput, StandardSchema } from "../../src/index.ts";
import { Application, RequestHandler } from "../../src/index.ts";

type Equal<A, B> = [A, B] extends [B, A] ? true : false;
function same<A, B>(_yes: Equal<A, B>): void {}

const zodSchema = z.object({ id: z.string().transform(Number), tags: z.array(z.string()).optional() });
const valibotSchema = v.object({ id: v.pipe(v.string(), v.transform(Number)) });
const arktypeSchema = type({ id: "string.numeric.parse" });
declare const own: StandardSchema<string, Date>;

// The result has the type of what the schema makes of the body, and not of what comes.
export class Inferred extends RequestHandler {
  async post() {
    const fromZod = await this.json(zodSchema);
    same<typeof fromZod, z.output<typeof zodSchema>>(true);
    const fromValibot = await this.json(valibotSchema);
    same<typeof fromValibot, { id: number }>(true);
    const fromArktype = await this.json(arktypeSchema);
    same<typeof fromArktype, { id: number }>(true);
    const fromOwn = await this.json(own);
    same<typeof fromOwn, Date>(true);
    same<SchemaOutput<typeof zodSchema>["id"], number>(true);
    // @ts-expect-error -- there is no such property
    void fromZod.name;
    // @ts-expect-error -- the id has become a number
    fromZod.id satisfies string;
    const unchecked = await this.json();
    same<typeof unchecked, unknown>(true);
    // @ts-expect-error -- nothing is known of what has not been checked
    void unchecked.id;
    // @ts-expect-error -- a type is no schema
    await this.json<{ id: number }>();
    // @ts-expect-error -- neither is any object
    await this.json({ parse: (value: unknown) => value });
    return {};
  }
}

// The arguments of a form are strings, and files are to be read.
export class Forms extends RequestHandler<{ id: string }> {
  static override readonly streamRequestBody = true;
  static override readonly maxBodyBytes = 1000;
  async post() {
    const one: string = this.getBodyArgument("a");
    const given: string = this.getBodyArgument("a", "default", { trim: false });
    const exact: string = this.getArgument("a", undefined, { trim: false });
    const perhaps: string | null = this.getArgument("a", null);
    // @ts-expect-error -- null is possible where it is the default
    const sure: string = this.getBodyArgument("a", null);
    void [given, exact, perhaps, sure];
    const several: string[] = this.getArguments("a");
    // @ts-expect-error -- a default is a string or null
    this.getArgument("a", 5);
    this.getArgument("a", undefined, { trim: false }) satisfies string;
    // @ts-expect-error -- it is called trim
    this.getBodyArguments("a", { strip: false });
    const files: readonly FormFile[] = this.files;
    // @ts-expect-error -- what came cannot be changed
    this.files.push();
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.body) chunks.push(chunk);
    for await (const part of this.parts()) {
      part satisfies FormPart;
      const filename: string | undefined = part.filename;
      for await (const chunk of part) chunks.push(chunk);
      void filename;
    }
    const bytes: Uint8Array = await this.bytes();
    return { one, several, files: files.length, text: await this.text(), bytes: bytes.length };
  }
}
class OwnLimit extends RequestHandler {
  static override readonly maxBodyBytes: number = 5;
}
void new Application([
  ["/", Inferred],
  ["/:id", Forms],
  ["/wrong", OwnLimit],
]);
// @ts-expect-error -- a limit is a number
export class WrongLimit extends RequestHandler {
  static override readonly maxBodyBytes = "5 MB";
}
// @ts-expect-error -- there is no such limit
void new Application([], { http: { maxFileByte: 1 } });
