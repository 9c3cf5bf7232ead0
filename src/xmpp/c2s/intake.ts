/** How fast clients may speak: each of them, and all from one network address together. */
import { counter } from '../../util/metrics.ts'
import { type RateLimit, rateLimit, spend, waitMs } from '../../util/rate.ts'
import type { C2sConfig } from './config.ts'

/** What has come from somebody: when its bytes and stanzas have been paid for, milliseconds since the epoch. */
export class Usage {
  bytesPaidAt = 0
  stanzasPaidAt = 0
}

interface Rates {
  readonly bytes: RateLimit
  readonly stanzas: RateLimit
}

export interface IntakeRates {
  readonly session: Rates
  readonly address: Rates
}

const throttled = counter({
  name: 'heliograph_xmpp_throttled_total',
  help: 'Times that a client was left unread for a while because it, or all from its address, said too much.',
})

export function intakeRates(config: C2sConfig): IntakeRates {
  return {
    session: rates(config.maxBytesPerSecond, config.maxStanzasPerSecond),
    address: rates(config.maxBytesPerSecondPerAddress, config.maxStanzasPerSecondPerAddress),
  }
}

/** Somebody from somewhere said so much at `now`: milliseconds for which he is to be left unread. */
export function charge(
  { session, address }: IntakeRates,
  from: { readonly session: Usage; readonly address: Usage },
  said: { readonly bytes: number; readonly stanzas: number; readonly now: number },
): number {
  const wait = Math.max(take(session, from.session, said), take(address, from.address, said))
  if (wait > 0) throttled.inc()
  return wait
}

function take(
  rates: Rates,
  usage: Usage,
  { bytes, stanzas, now }: { bytes: number; stanzas: number; now: number },
): number {
  usage.bytesPaidAt = spend(rates.bytes, usage.bytesPaidAt, now, bytes)
  usage.stanzasPaidAt = spend(rates.stanzas, usage.stanzasPaidAt, now, stanzas)
  return Math.max(
    waitMs(rates.bytes, usage.bytesPaidAt, now),
    waitMs(rates.stanzas, usage.stanzasPaidAt, now),
  )
}

function rates(bytesPerSecond: number, stanzasPerSecond: number): Rates {
  return { bytes: rateLimit(bytesPerSecond), stanzas: rateLimit(stanzasPerSecond) }
}
