/** Whether a hook returned something to wait for. */
export function isThenable<Answer>(value: Answer | PromiseLike<Answer>): value is PromiseLike<Answer> {
  if (typeof value !== "object" || value === null) return false;
  return typeof (value as { readonly then?: unknown }).then === "function";
}

/** Calls `next` with a value: at once, or when it is there. Spares a turn where nothing has to be waited for. */
export function chain<Value, Result>(
  value: Value | PromiseLike<Value>,
  next: (value: Value) => Result | PromiseLike<Result>,
): Result | PromiseLike<Result> {
  // By a real promise, since not every thenable keeps the promises that promises make.
  // oxlint-disable-next-line promise/no-callback-in-promise -- that it is called in a later turn is the point
  return isThenable(value) ? Promise.resolve(value).then((settled) => next(settled)) : next(value);
}
