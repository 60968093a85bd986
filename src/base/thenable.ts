/** Whether a hook returned something to wait for. */
export function isThenable<Answer>(value: Answer | PromiseLike<Answer>): value is PromiseLike<Answer> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
