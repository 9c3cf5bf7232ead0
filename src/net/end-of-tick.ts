/** What is written in one turn of the event loop leaves together, when the turn ends. */

export interface Flushable {
  flush(): void
}

/** One callback of the event loop serves them all. */
let waiting: Flushable[] = []

/** Calls `flush` once, after all input that is there now has been worked on. */
export function flushAtEndOfTick(flushable: Flushable): void {
  if (waiting.push(flushable) === 1) setImmediate(flushAll)
}

function flushAll(): void {
  // Who is added by another's flush goes with this turn as well.
  for (let next = 0; next < waiting.length; next += 1) waiting[next]?.flush()
  waiting = []
}
