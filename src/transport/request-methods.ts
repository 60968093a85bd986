import { METHODS } from "node:http";

const methods: ReadonlySet<string> = new Set(METHODS);

/** Whether a request with this method can come at all: Node's parser takes those that it knows, in upper case. */
export function isRequestMethod(method: string): boolean {
  return methods.has(method);
}
