/** What the process that starts a server of this directory wants of it. */
export interface HttpServerOptions {
  /** Where the files are that it serves. */
  readonly directory: string;
}

export const options: HttpServerOptions = JSON.parse(process.argv[2] ?? "{}") as HttpServerOptions;
