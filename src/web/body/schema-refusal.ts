import { describe } from "../../base/errors.ts";
import { printable } from "../../base/text.ts";
import type { ErrorPage } from "../error-page.ts";
import { Refusal } from "../refusal.ts";
import type { StandardIssue } from "./standard-schema.ts";

/** How many violations are listed; who sends rubbish gets no report of any length. */
const issuesMax = 20;

/** How much of a key is shown, which may be the client's own. */
const keyCharactersMax = 100;

/** A violation as it may be told: where, and of which kind. Never the value, nor the library's words, which may quote it. */
interface Violation {
  readonly path: readonly (string | number)[];
  /** The library's name for what is wrong, such as `invalid_type`; empty where it has none. */
  readonly kind: string;
}

/** The answer to a body that breaks its schema: JSON, since the body was, with the paths. */
export class SchemaRefusal extends Refusal {
  readonly #violations: readonly Violation[];
  readonly #messages: readonly string[];

  constructor(issues: readonly StandardIssue[]) {
    const shown = issues.slice(0, issuesMax);
    const violations = shown.map((issue) => ({ path: pathOf(issue), kind: kindOf(issue) }));
    const more = issues.length > issuesMax ? [`and ${issues.length - issuesMax} more`] : [];
    const paths = [...violations.map(describeViolation), ...more].join(", ");
    super(describe("SCHEMA_VIOLATED", { paths }));
    this.#violations = violations;
    this.#messages = shown.map(({ message }) => message);
  }

  override ownPage(debug: boolean): ErrorPage {
    const issues = this.#violations.map((violation, index) =>
      debug ? { ...violation, message: this.#messages[index] } : violation,
    );
    const body = JSON.stringify({ code: this.problem.code, message: this.publicMessage, issues });
    return { type: "application/json; charset=utf-8", body };
  }
}

function pathOf({ path = [] }: StandardIssue): (string | number)[] {
  return path.map((segment) => {
    const key = typeof segment === "object" ? segment.key : segment;
    return typeof key === "number" ? key : printable(String(key), keyCharactersMax);
  });
}

/** zod and arktype have a `code`, valibot a `type`. A name has no spaces: a sentence might quote the value. */
function kindOf(issue: StandardIssue): string {
  const { code, type } = issue as { readonly code?: unknown; readonly type?: unknown };
  const kind = typeof code === "string" ? code : type;
  return typeof kind === "string" && /^[A-Za-z][\w-]{0,39}$/.test(kind) ? kind : "";
}

/** A JSON pointer (RFC 6901) with the kind behind it. */
function describeViolation({ path, kind }: Violation): string {
  const pointer = path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return `${pointer === "" ? "the top" : pointer}${kind === "" ? "" : ` (${kind})`}`;
}
