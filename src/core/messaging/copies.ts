/** Copies for the other clients of a person (XEP-0280), which only some of the protocols have. */
import { counter } from '../../util/metrics.ts'
import type { BareJid } from '../address.ts'
import type { Session } from '../sessions.ts'
import type { CopyDirection, InstantMessage } from './message.ts'

const copied = counter({
  name: 'heliograph_messaging_copies_total',
  help: 'Copies of messages for other clients of the person who sent or got them (XEP-0280).',
  labels: ['direction'],
})

const NONE: readonly Session[] = []

/** Those of the account's sessions that get a copy of what `got` were given. */
export function copyTakers(
  all: readonly Session[],
  got: readonly Session[],
  message: InstantMessage,
): readonly Session[] {
  let takers: Session[] | undefined
  for (const session of all) {
    if (!session.takesCopies || got.includes(session) || isFrom(session, message)) continue
    takers ??= []
    takers.push(session)
  }
  return takers !== undefined && isCopied(message, 'received') ? takers : NONE
}

export function copyTo(
  takers: readonly Session[],
  message: InstantMessage,
  direction: CopyDirection,
): void {
  for (const session of takers) {
    session.copy?.(message, direction)
    copied.inc({ direction })
  }
}

/** What one client of the account sent, to the others. Who writes to himself gets it as any message of his. */
export function copySent(message: InstantMessage, { account, all, resource }: Sender): void {
  if (message.to.bare === account) return
  const takers = all.filter((session) => session.takesCopies && session.resource !== resource)
  if (takers.length > 0 && isCopied(message, 'sent')) copyTo(takers, message, 'sent')
}

interface Sender {
  readonly account: BareJid
  /** All of the account's sessions. */
  readonly all: readonly Session[]
  /** The one that sent it; `undefined` for none of them. */
  readonly resource: string | undefined
}

function isFrom({ account, resource }: Session, { from }: InstantMessage): boolean {
  return from.resource === resource && from.bare === account
}

function isCopied(message: InstantMessage, direction: CopyDirection): boolean {
  return message.isCopied?.(direction) ?? true
}
