import type { NoParams } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";

/** A handler that writes down its hooks in short, and gives itself to the test. */
export interface Recorder {
  /** `open`, `text a`, `binary 0102`, `ping 01`, `pong 01`, `close 1000 reason`. */
  readonly calls: Inbox<string>;
  /** Each handler, when it is opened. */
  readonly opened: Inbox<WebSocketHandler>;
  readonly Handler: typeof WebSocketHandler<NoParams>;
}

/** Makes one; `calls` has only what came from the client, and the end. */
export function createRecorder(): Recorder {
  const calls = new Inbox<string>();
  const opened = new Inbox<WebSocketHandler>();
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  class Recording extends WebSocketHandler {
    override open(): void | Promise<void> {
      opened.add(this);
    }
    override onMessage(message: string | Uint8Array): void | Promise<void> {
      calls.add(typeof message === "string" ? `text ${message}` : `binary ${hex(message)}`);
    }
    override onPing(data: Uint8Array): void {
      calls.add(`ping ${hex(data)}`);
    }
    override onPong(data: Uint8Array): void {
      calls.add(`pong ${hex(data)}`);
    }
    override onClose(code: number, reason: string): void {
      calls.add(`close ${code} ${reason}`.trimEnd());
    }
  }
  return { calls, opened, Handler: Recording };
}
