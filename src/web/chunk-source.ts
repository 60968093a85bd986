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

/** Lets go of a result that is not going to be sent: what it would have read from stays open no longer. */
export function releaseBody(result: object): void {
  const body = result instanceof Response ? result.body : result;
  if (body instanceof ReadableStream) body.cancel().catch(ignore);
  else if (body !== null && isChunked(body)) iteratorOf(body).cancel(undefined);
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
  let isOver = false;
  return {
    next: async () => {
      try {
        const result = await iterator.next();
        if (result.done === true) isOver = true;
        return result;
      } catch (error) {
        isOver = true;
        throw error;
      }
    },
    cancel: () => {
      // As in a loop: an iterator that has come to its end by itself is not told to.
      if (isOver) return;
      isOver = true;
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
