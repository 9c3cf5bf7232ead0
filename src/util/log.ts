/** Structured logs: one JSON object a line on standard error, each with a `what`. */
import { type DestinationStream, type Logger, pino } from 'pino'

/** Every record names what happened: `log.warn({ what: 'sip_register_rejected', aor })`. */
export type Log = Logger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Fields that may hold a secret; pino blanks them wherever a record carries them at top level or one below. */
const SECRET_FIELDS = ['password', 'secret', 'authorization', 'token', 'ha1']

export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  )
}

export const silentLog: Log = pino({ level: 'silent' })
