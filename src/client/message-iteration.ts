/** A message as events and iterators have it; bytes as `binaryType` says. */
export type MessageData = string | ArrayBuffer | Blob;

interface MessageSource {
  readonly readyState: number;
  addEventListener(
    type: string,
    listener: (event: Event) => void,
    options: { readonly signal: AbortSignal },
  ): void;
}

/**
 * Messages from now on. What nobody has come for waits; a browser's WebSocket cannot be slowed down, so that past the limit
 * the iteration ends with an error, behind the messages that are there.
 */
export async function* iterateMessages(
  source: MessageSource,
  messagesMax: number,
  failureOf: () => unknown,
): AsyncGenerator<MessageData, undefined, undefined> {
  const messages: MessageData[] = [];
  let isOver = source.readyState === 3;
  let failure: unknown;
  const left = new AbortController();
  let wake = (): void => {};
  const receive = (event: Event): void => {
    if (event.type === "close") {
      failure = failureOf();
      isOver = true;
    } else if (messages.length < messagesMax) messages.push((event as MessageEvent).data as MessageData);
    else {
      failure = new DOMException(`${messagesMax} messages wait`, "QuotaExceededError");
      isOver = true;
    }
    if (isOver) left.abort();
    wake();
  };
  for (const type of ["message", "close"]) source.addEventListener(type, receive, { signal: left.signal });
  try {
    for (;;) {
      if (messages.length > 0) yield messages.shift()!;
      else if (failure) throw failure as Error;
      else if (isOver) return undefined;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    left.abort();
  }
}
