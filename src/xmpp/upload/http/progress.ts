/** Who takes too long for what he sends or reads makes room for others. */
import type { Clock, Timer } from '../../../util/clock.ts'

const WINDOW_MS = 30_000
/** 2 KB in a second: the slowest network that is of any use. */
const MIN_BYTES = 65_536

export interface Transfer {
  /** Bytes that there are to move. */
  readonly size: number
  /** Bytes moved so far. */
  moved(): number
  late(): void
}

/** Calls `late` once where too little moves in half a minute, or nothing does when all has moved. */
export function watchProgress(clock: Clock, { size, moved, late }: Transfer): Disposable {
  let before = 0
  const look = () => {
    const now = moved()
    const left = size - before
    if (left <= 0 || now - before < Math.min(MIN_BYTES, left)) {
      late()
      return
    }
    before = now
    timer = clock.after(WINDOW_MS, look)
  }
  let timer: Timer = clock.after(WINDOW_MS, look)
  return { [Symbol.dispose]: () => timer.cancel() }
}
