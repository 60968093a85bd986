/** What the servers in this directory serve: the same, each in its own idiom. */

/** As text, at `/`. */
export const greeting = "Hello, world!";

/** Where the files of `HttpServerOptions.directory` are, with a slash behind. */
export const filesPath = "/static/";

/** One of the files, which is all that is asked for. */
export const fileName = "100k.txt";

/** As JSON, at `/items/:id`: about 100 bytes. */
export interface Item {
  readonly id: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly inStock: boolean;
  readonly tags: readonly string[];
}

export function itemOf(id: string): Item {
  return { id, name: `Item ${id}`, price: 19.99, currency: "EUR", inStock: true, tags: ["new", "blue"] };
}
