/** What every server of the benchmark has in common with the process that starts it. */

/** For those that speak WebSocket. */
export interface ServerOptions {
  /** To send each message back, or to send it to all. */
  readonly mode: "echo" | "broadcast";
  readonly compression: "off" | "no takeover" | "takeover";
  readonly messageBytesMax: number;
}

export const options: ServerOptions = JSON.parse(process.argv[2] ?? "{}") as ServerOptions;

/** Says where the server listens; then answers each line by collecting garbage, for whoever wants to measure memory. */
export function announce(port: number, collect: () => void = collectInNode): void {
  process.stdout.write(`${JSON.stringify({ port })}\n`);
  process.stdin.on("data", () => {
    collect();
    // What finalizers let go of in the meantime is found by a second collection.
    setTimeout(() => {
      collect();
      process.stdout.write(`${JSON.stringify({ collected: true })}\n`);
    }, 50);
  });
  process.stdin.on("end", () => process.exit());
}

function collectInNode(): void {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
}
