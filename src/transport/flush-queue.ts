/** Something that gathers what it has to send. */
export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];

/** Has `flush` called at the end of this turn of the event loop. One tick serves all that ask for it. */
export function flushLater(flushable: Flushable): void {
  if (waiting.push(flushable) === 1) process.nextTick(flushAll);
}

function flushAll(): void {
  const due = waiting;
  waiting = [];
  for (const flushable of due) flushable.flush();
}
