/** Those who wait until less is waiting to be sent; made for the first of them, since most connections never have any. */
export class DrainWaiters {
  #resolvers: (() => void)[] | undefined;

  get isEmpty(): boolean {
    return this.#resolvers === undefined;
  }

  /** Resolves with the next `release`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      (this.#resolvers ??= []).push(resolve);
    });
  }

  release(): void {
    const resolvers = this.#resolvers;
    this.#resolvers = undefined;
    for (const resolve of resolvers ?? []) resolve();
  }
}
