/** Takes what happens on a byte stream. */
export interface ByteStreamEvents {
  /** Bytes came: `bytes` up to before `end`. They are borrowed, valid until the call returns; they MAY be changed. */
  receive(bytes: Uint8Array, end: number): void;
  /** The peer will send no more. */
  receiveEnd(): void;
  /** Bytes that were waiting have reached the operating system. */
  receiveWritten(): void;
  /** It is over in both directions. Called once, last. */
  receiveClosed(): void;
}

/** A connection as a WebSocket needs it: bytes both ways, and nothing that a Node stream has beyond that. */
export interface ByteStream {
  readonly isDestroyed: boolean;
  /** Whether what the operating system takes is no longer pending when `write` returns. */
  readonly writesAtOnce: boolean;
  /** Bytes that were written and have not reached the operating system. */
  readonly pendingBytes: number;
  /**
   * MUST be called once, when the receiver is ready; nothing is read before. `head` is what was read by somebody else,
   * and is received first.
   */
  start(events: ByteStreamEvents, head: Uint8Array): void;
  /** Sends `chunks` in one write, as far as that is possible. They MUST NOT change until they are sent. */
  write(chunks: readonly Uint8Array[]): void;
  /** Sends what is pending, and then the end of our half. Calling it again does nothing. */
  end(): void;
  /** Ends everything now. */
  destroy(): void;
  pauseReading(): void;
  resumeReading(): void;
}
