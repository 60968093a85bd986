/**
 * Thrown by a handler to end the request here: what has been written is sent, with the status and header fields that were set.
 * Nothing is logged but the access line.
 *
 * @example
 * class Story extends RequestHandler {
 *   override prepare() {
 *     if (this.request.header("x-maintenance") !== undefined) {
 *       this.setStatus(503);
 *       throw new Finish("back in a minute");
 *     }
 *   }
 * }
 */
export class Finish extends Error {
  override readonly name = "Finish";
  /** A last chunk. */
  readonly body: string | Uint8Array | object | undefined;

  constructor(body?: string | Uint8Array | object) {
    super("the request is finished");
    this.body = body;
  }
}
