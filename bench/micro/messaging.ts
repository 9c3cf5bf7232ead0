/** A message from one session to another, through the core alone. */
import { requireJid } from '../../src/core/address.ts'
import type { OfflineStore } from '../../src/core/messaging/mailbox.ts'
import { DELIVERED, type InstantMessage } from '../../src/core/messaging/message.ts'
import { Messaging } from '../../src/core/messaging/messaging.ts'
import { type Session, Sessions } from '../../src/core/sessions.ts'
import { silentLog } from '../../src/util/log.ts'
import { testAccess } from '../../test/support/access.ts'
import { FakeClock } from '../../test/support/fake-clock.ts'
import type { Operation, Run } from './operation.ts'

const FROM = requireJid('alice@example.com/laptop')
const TO = requireJid('bob@example.com/desk')

const MESSAGE: Omit<InstantMessage, 'to'> = {
  from: FROM,
  type: 'chat',
  id: 'm1',
  thread: undefined,
  subject: undefined,
  body: 'Good morning!',
  origin: 'xmpp',
  delayedSince: undefined,
  storable: true,
  native: () => undefined,
}

const NO_STORE: OfflineStore = {
  add: unexpected,
  list: unexpected,
  get: unexpected,
  count: unexpected,
  remove: unexpected,
  clear: unexpected,
}

function unexpected(): never {
  throw new Error('everybody is on line')
}

function session(account: Session['account'], resource: string): Session {
  return { account, resource, protocol: 'xmpp', priority: 0, deliver: () => DELIVERED }
}

/** To somebody with so many sessions. */
function sending(to: string, resources: readonly string[]): Run {
  const clock = new FakeClock()
  const sessions = new Sessions()
  const sender = session(FROM.bare, FROM.resource)
  sessions.bind(sender)
  for (const resource of resources) sessions.bind(session(TO.bare, resource))
  const messaging = new Messaging({
    sessions,
    clock,
    offline: NO_STORE,
    log: silentLog,
    access: testAccess({ clock }),
    accounts: { isLocal: () => true, exists: unexpected, accountOf: unexpected },
  })
  const message = { ...MESSAGE, to: requireJid(to) }
  return () => {
    if (messaging.send(message, sender) !== DELIVERED) throw new Error('a message was lost')
  }
}

export const messaging: readonly Operation[] = [
  { name: 'messaging: to a full address', setUp: () => sending(TO.full, ['desk']) },
  { name: 'messaging: to one of three clients', setUp: () => sending(TO.bare, ['desk', 'a', 'b']) },
]
