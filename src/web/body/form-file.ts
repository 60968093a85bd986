import type { ReadableStream } from "node:stream/web";
import type { StoredFile } from "../../transport/upload-directory.ts";
import { readWholeFile, streamFile } from "../../transport/upload-directory.ts";

/**
 * A file that came with a form. It lies on disk until the request has been answered; move or copy it to keep it.
 */
export class FormFile {
  /** The name of the form's field. */
  readonly name: string;
  /**
   * What the client calls the file: the last segment of a path, without control characters, at most 255 bytes; may be empty. Two
   * files may have the same.
   */
  readonly filename: string;
  /** What the client says that it is; nobody has checked. */
  readonly contentType: string;
  /** Its length in bytes. */
  readonly size: number;
  /** Where it lies until the request has been answered. The name there has nothing to do with `filename`. */
  readonly path: string;

  /** @internal */
  constructor(name: string, filename: string, contentType: string, stored: StoredFile) {
    this.name = name;
    this.filename = filename;
    this.contentType = contentType;
    this.size = stored.size;
    this.path = stored.path;
  }

  /** Its bytes, as they are wanted. */
  stream(): ReadableStream<Uint8Array> {
    return streamFile(this.path);
  }

  /** Its bytes, all in memory. */
  bytes(): Promise<Uint8Array> {
    return readWholeFile(this.path);
  }
}
