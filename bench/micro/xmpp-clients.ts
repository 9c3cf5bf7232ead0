/**
 * XMPP clients of a server that is whole but for its sockets, with its directory in memory and a clock
 * that stands still.
 */
import { requireJid } from '../../src/core/address.ts'
import { Messaging } from '../../src/core/messaging/messaging.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import { newRosterItem } from '../../src/core/presence/roster-item.ts'
import { Subscriptions } from '../../src/core/presence/subscriptions.ts'
import { Watchers } from '../../src/core/presence/watchers.ts'
import { Sessions } from '../../src/core/sessions.ts'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import {
  accounts,
  grants,
  offlineStore,
  subscriptionPeople,
  subscriptionStore,
} from '../../src/server/stores.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { FailureThrottle } from '../../src/util/failure-throttle.ts'
import { silentLog } from '../../src/util/log.ts'
import { ClientStream, type ClientStreamDeps } from '../../src/xmpp/c2s/client-stream.ts'
import { Connection } from '../../src/xmpp/c2s/connection.ts'
import type { Accounts } from '../../src/xmpp/c2s/sign-in.ts'
import { Unfinished } from '../../src/xmpp/c2s/unfinished.ts'
import { openInstantMessaging } from '../../src/xmpp/im.ts'
import { testAccess } from '../../test/support/access.ts'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { CONFIG } from '../../test/support/xmpp-system.ts'
import { MemorySocket } from './memory-socket.ts'
import { STREAM_HEADER } from './stanzas.ts'

const DOMAIN = 'example.com'

/** Everybody has every password. */
class OpenAccounts implements Accounts {
  readonly isLocal = () => true
  readonly domain = () => ({ digestMd5: false })
  readonly user = async () => ({ disabled: false })
  readonly scram = async () => undefined
  readonly ha1 = async () => undefined
  readonly verifyPassword = async () => true
  fakeScram(): never {
    throw new Error('clients sign in with PLAIN')
  }
}

export class XmppClients {
  readonly #deps: ClientStreamDeps
  readonly #directory: Directory

  private constructor(deps: ClientStreamDeps, directory: Directory) {
    this.#deps = deps
    this.#directory = directory
  }

  static async open(): Promise<XmppClients> {
    const shared = { clock: new FakeClock(), log: silentLog }
    const database = await openDatabase('sqlite::memory:', shared)
    const directory = await openDirectory({ ...shared, database })
    await directory.addDomain(DOMAIN)
    const access = testAccess({ ...shared, grants: grants(directory.contacts) })
    const sessions = new Sessions()
    const offline = offlineStore(database.kysely, 100)
    const im = openInstantMessaging(CONFIG, {
      ...shared,
      access,
      directory,
      sessions,
      presence: new PresenceService(shared),
      watchers: new Watchers(),
      subscriptions: new Subscriptions({
        store: subscriptionStore(directory.contacts),
        people: subscriptionPeople(directory),
        access,
        log: silentLog,
      }),
      messaging: new Messaging({
        ...shared,
        access,
        sessions,
        offline,
        accounts: accounts(directory),
      }),
      software: { name: 'Heliograph', version: '0.0.0-bench' },
    })
    const deps = {
      ...shared,
      sessions,
      config: CONFIG,
      handler: im.handler,
      accounts: new OpenAccounts(),
      throttle: new FailureThrottle(shared.clock),
      unfinished: new Unfinished(),
      secureContext: () => {
        throw new Error('nobody asked for TLS')
      },
    }
    return new XmppClients(deps, directory)
  }

  /** Signed in, and available. */
  async signIn(name: string): Promise<MemorySocket> {
    await this.#directory.addUser({ account: `${name}@${DOMAIN}` })
    const client = new MemorySocket()
    const connection = new Connection(this.#deps, client)
    connection.start(new ClientStream(this.#deps, connection), false)
    const secret = Buffer.from(`\0${name}\0pencil`).toString('base64')
    const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'"
    const bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desk</resource></bind>"
    await client.asks(STREAM_HEADER, '</stream:features>')
    await client.asks(`<auth ${sasl}>${secret}</auth>`, '<success')
    await client.asks(STREAM_HEADER, '</stream:features>')
    await client.asks(`<iq type='set' id='b1'>${bind}</iq>`, '</iq>')
    await client.asks('<presence/>', '<presence')
    return client
  }

  /** `name` is seen by the others. */
  async befriend(name: string, others: readonly string[]): Promise<void> {
    const { contacts } = this.#directory
    const account = requireJid(`${name}@${DOMAIN}`).bare
    for (const other of others) {
      const contact = requireJid(`${other}@${DOMAIN}`).bare
      await contacts.put(account, { ...newRosterItem(contact), subscription: 'from' })
    }
    await contacts.get(account)
  }
}
