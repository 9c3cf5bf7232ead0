/** How the process is asked to end, and that it does. */
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'

/** A second signal ends the process as the signal itself would: 128 and its number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const
/** What was asked for, and did not come about in time. */
const OVERDUE = 1
const DEADLINE_MS = 4_500

export interface StopDeps {
  readonly clock: Clock
  readonly log: Log
  /** `process`, for its signals. */
  readonly signals: { on(signal: keyof typeof SIGNALS, heard: () => void): unknown }
  exit(code: number): void
}

/** Resolves at the first signal. From then on the end has a deadline, and a second signal is the end. */
export function stopSignal({ clock, log, signals, exit }: StopDeps): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let stopping = false
  const hear = (signal: keyof typeof SIGNALS) => {
    if (stopping) {
      exit(SIGNALS[signal])
      return
    }
    stopping = true
    log.info({ what: 'stopping', signal })
    clock.after(DEADLINE_MS, () => {
      log.error({ what: 'stop_took_too_long', afterMs: DEADLINE_MS })
      exit(OVERDUE)
    })
    resolve()
  }
  signals.on('SIGINT', () => hear('SIGINT'))
  signals.on('SIGTERM', () => hear('SIGTERM'))
  return promise
}

/** Waits for the end of `closing`, but no longer than `ms`: what is closed after it has its turn too. */
export async function closeWithin(
  { clock, log }: Pick<StopDeps, 'clock' | 'log'>,
  ms: number,
  closing: Promise<void>,
): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = clock.after(ms, () => {
    log.warn({ what: 'connections_cut', afterMs: ms })
    late.resolve()
  })
  await Promise.race([closing, late.promise]).finally(() => timer.cancel())
}
