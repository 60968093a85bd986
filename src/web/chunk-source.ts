import { ReadableStream } from "node:stream/web";

/** A body that is made bit by bit. */
export interface ChunkSource {
  next(): Promise<IteratorResult<unknown, unknown>>;
  /** Tells whoever makes it that no more is wanted. May be called at any time, and any number of times. */
  cancel(reason: unknown): void;
}

/** Whether a handler's result is a body that is made bit by bit. */
export function isChunked(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

/** The source behind a `ReadableStream` or an async iterable. */
export function chunkSourceOf(value: AsyncIterable<unknown>): ChunkSource {
  return value instanceof ReadableStream ? readerOf(value) : iteratorOf(value);
}

/** By a reader, whose `cancel` reaches the source at once, where that of the stream's iterator waits for a read. */
function readerOf(stream: ReadableStream): ChunkSource {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown, unknown>>,
    cancel: (reason) => {
      reader.cancel(reason).catch(ignore);
    },
  };
}

function iteratorOf(iterable: AsyncIterable<unknown>): ChunkSource {
  const iterator = iterable[Symbol.asyncIterator]();
  let isCancelled = false;
  return {
    next: async () => await iterator.next(),
    cancel: () => {
      if (isCancelled) return;
      isCancelled = true;
      // A generator is resumed with it at its `yield`, so that its `finally` runs; one that awaits something first gets there.
      void returnOf(iterator).catch(ignore);
    },
  };
}

async function returnOf(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

/** What fails while it is being cancelled has nobody left to tell. */
function ignore(): void {}
