/** What an outbox sends to. */
export interface OutboxTarget {
  sendText(text: string): void;
  sendBinary(bytes: Uint8Array): void;
  /** So many bytes wait behind a Blob that is being read, more than may. */
  overflow(bytes: number): void;
  /** A Blob cannot be read. */
  fail(error: unknown): void;
}

interface Step {
  readonly byteLength: number;
  run(): void | Promise<void>;
}

/**
 * Keeps messages in order although the bytes of a Blob take time to read: what is sent behind a Blob waits for it. As
 * long as there is none, everything passes straight through.
 */
export class Outbox {
  readonly #target: OutboxTarget;
  readonly #bytesMax: number;
  #steps: Step[] = [];
  #isRunning = false;
  #idle: Promise<void> = Promise.resolve();
  /** Bytes of messages that wait here. */
  bytes = 0;

  constructor(target: OutboxTarget, bytesMax: number) {
    this.#target = target;
    this.#bytesMax = bytesMax;
  }

  sendText(text: string): void {
    if (!this.#isRunning) this.#target.sendText(text);
    else this.#add({ byteLength: Buffer.byteLength(text), run: () => this.#target.sendText(text) });
  }

  /** The bytes may be changed as soon as this returns: the program need not know that they wait. */
  sendBinary(bytes: Uint8Array): void {
    if (!this.#isRunning) {
      this.#target.sendBinary(bytes);
      return;
    }
    const copy = new Uint8Array(bytes);
    this.#add({ byteLength: copy.length, run: () => this.#target.sendBinary(copy) });
  }

  sendBlob(blob: Blob): void {
    this.#add({
      byteLength: blob.size,
      run: async () => this.#target.sendBinary(new Uint8Array(await blob.arrayBuffer())),
    });
  }

  /** Does `action` when all that was sent before has been passed on. */
  after(action: () => void): void {
    if (this.#isRunning) this.#add({ byteLength: 0, run: action });
    else action();
  }

  /** Resolves when nothing waits here. */
  emptied(): Promise<void> {
    return this.#idle;
  }

  #add(step: Step): void {
    this.#steps.push(step);
    this.bytes += step.byteLength;
    // As on the server, one message of any size may wait; the limit is for what comes behind it.
    if (this.bytes > this.#bytesMax && this.#steps.length > 1) this.#target.overflow(this.bytes);
    else if (!this.#isRunning) this.#idle = this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
        await step.run();
        this.#steps.shift();
        this.bytes -= step.byteLength;
      }
    } catch (error) {
      // What stands behind must not overtake a message that cannot be sent.
      this.#steps = [];
      this.bytes = 0;
      this.#target.fail(error);
    }
    this.#isRunning = false;
  }
}
