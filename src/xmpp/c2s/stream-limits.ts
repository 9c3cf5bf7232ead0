/** What bounds the stream of a client on any transport, and the error that fits what goes wrong on one. */
import type { Log } from '../../util/log.ts'
import { type XmlLimits, XmlSyntaxError } from '../../xml/tokenizer.ts'
import { StreamError } from '../errors.ts'
import type { C2sConfig } from './config.ts'
import { type IntakeRates, intakeRates } from './intake.ts'

const SHAPE_LIMITS = { maxDepth: 100, maxAttributes: 100 }

export interface StreamLimits {
  readonly intake: IntakeRates
  /** Before sign-in, and after it. */
  readonly strangers: XmlLimits
  readonly signedIn: XmlLimits
}

const limits = new WeakMap<C2sConfig, StreamLimits>()

/** One object for all streams of a configuration. */
export function limitsOf(config: C2sConfig): StreamLimits {
  const known = limits.get(config)
  if (known) return known
  const made = {
    intake: intakeRates(config),
    strangers: { ...SHAPE_LIMITS, maxStanzaBytes: config.maxStanzaBytesBeforeAuth },
    signedIn: { ...SHAPE_LIMITS, maxStanzaBytes: config.maxStanzaBytes },
  }
  limits.set(config, made)
  return made
}

/** A bug is logged, and ends the stream too. */
export function streamErrorOf(error: unknown, log: Log): StreamError {
  if (error instanceof StreamError) return error
  if (error instanceof XmlSyntaxError) return new StreamError(error.condition)
  log.error({ what: 'xmpp_stream_failed', err: error })
  return new StreamError('internal-server-error')
}
