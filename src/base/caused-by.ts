/**
 * Whether something failed because of `reason`: with it, or with an error of its own whose cause it is, as what is aborted by a signal
 * often does.
 */
export function isCausedBy(error: unknown, reason: unknown): boolean {
  return error === reason || (error instanceof Error && error.cause === reason);
}
