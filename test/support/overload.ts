import { type Log, silentLog } from '../../src/util/log.ts'
import { OverloadWatch } from '../../src/util/overload.ts'
import { FakeClock } from './fake-clock.ts'

export const REFUSE_ABOVE_MS = 500

/** A watch over work that waits for as long as a test says, with a clock of its own. */
export class SteeredOverload {
  readonly clock = new FakeClock()
  readonly watch: OverloadWatch
  waitMs = 0

  constructor({ refuseAboveMs = REFUSE_ABOVE_MS, log = silentLog as Log } = {}) {
    this.watch = new OverloadWatch({ clock: this.clock, log, refuseAboveMs })
    this.watch.watch({ waitMs: () => this.waitMs })
    this.watch.start()
  }

  /** Work has waited so long for `forMs`, a look at least. */
  waits(waitMs: number, forMs = 100): void {
    this.waitMs = waitMs
    this.clock.advance(forMs)
  }

  begin(): void {
    this.waits(REFUSE_ABOVE_MS + 1)
  }

  end(): void {
    this.waits(0, 1_200)
  }
}
