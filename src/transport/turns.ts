/** How many go on in one turn of the event loop: four slices of an answer take half a millisecond, much more than the turn by itself. */
const perTurn = 4;

const waiting: (() => void)[] = [];

/**
 * Calls back in a turn of the event loop to come, the first first. For work of which there may be much at a time: libuv accepts one
 * connection in a turn, so that whoever connects waits for as many turns as there are connections before theirs. Turns have to be short.
 */
export function takeTurn(goOn: () => void): void {
  if (waiting.push(goOn) === 1) setImmediate(runTurn);
}

function runTurn(): void {
  for (const goOn of waiting.splice(0, perTurn)) goOn();
  if (waiting.length > 0) setImmediate(runTurn);
}
