/**
 * A function that is called once for all who ask for the same at the same time. Whoever asks is answered by a call that begins after it has
 * asked, so that it sees what it has done before: whoever comes while one is under way waits for the next, together with all who
 * come until that begins.
 */
export class SharedCalls<Value> {
  readonly #call: (key: string) => Promise<Value>;
  readonly #current = new Map<string, Promise<Value>>();
  readonly #next = new Map<string, Promise<Value>>();

  constructor(call: (key: string) => Promise<Value>) {
    this.#call = call;
  }

  ask(key: string): Promise<Value> {
    const next = this.#next.get(key);
    if (next !== undefined) return next;
    const current = this.#current.get(key);
    if (current === undefined) return this.#begin(key);
    const begin = (): Promise<Value> => {
      this.#next.delete(key);
      return this.#begin(key);
    };
    const waiting = current.then(begin, begin);
    this.#next.set(key, waiting);
    return waiting;
  }

  #begin(key: string): Promise<Value> {
    const call = this.#call(key).finally(() => this.#current.delete(key));
    this.#current.set(key, call);
    return call;
  }
}
