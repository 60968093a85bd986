/** Something that happens later, unless it is cancelled. */
export interface Deadline {
  /** Resolves when the time is up; never, if it was cancelled before. */
  readonly passed: Promise<void>;
  cancel(): void;
}

/** Calls `action` after `delayMs`. */
export function after(delayMs: number, action: () => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      action();
      resolve();
    }, delayMs);
  });
  return { passed, cancel: () => clearTimeout(timer) };
}
