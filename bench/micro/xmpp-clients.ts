/** XMPP clients of a server that is whole but for its sockets. */
import { requireJid } from '../../src/core/address.ts'
import { newRosterItem } from '../../src/core/presence/roster-item.ts'
import { SocketLink } from '../../src/net/socket-link.ts'
import { ClientStream, type ClientStreamDeps } from '../../src/xmpp/c2s/client-stream.ts'
import { Connection } from '../../src/xmpp/c2s/connection.ts'
import { Offers } from '../../src/xmpp/c2s/offers.ts'
import type { Accounts } from '../../src/xmpp/c2s/sign-in.ts'
import { SignInDelays } from '../../src/xmpp/c2s/sign-in-delays.ts'
import { Unfinished } from '../../src/xmpp/c2s/unfinished.ts'
import { openInstantMessaging } from '../../src/xmpp/im.ts'
import { StreamManagement } from '../../src/xmpp/stream-management/stream-management.ts'
import { CONFIG } from '../../test/support/xmpp-system.ts'
import { type Core, DOMAIN, openCore } from './core.ts'
import { MemorySocket } from './memory-socket.ts'
import { STREAM_HEADER } from './stanzas.ts'

const SOFTWARE = { name: 'Heliograph', version: '0.0.0-bench' }

/** Everybody has every password. */
const LINK_OPTIONS = {
  maxQueuedBytes: CONFIG.maxQueuedBytes,
  secureContext() {
    throw new Error('nobody asks for TLS')
  },
}

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
  readonly #core: Core
  readonly #deps: ClientStreamDeps

  private constructor(core: Core) {
    this.#core = core
    const { handler } = openInstantMessaging(CONFIG, { ...core, software: SOFTWARE })
    const { maxUnacknowledged: maxStanzas } = CONFIG
    const unfinished = new Unfinished()
    this.#deps = {
      ...core,
      config: CONFIG,
      handler,
      accounts: new OpenAccounts(),
      key: Buffer.alloc(32),
      delays: new SignInDelays(core.clock),
      offers: new Offers({ handler, hasTokens: false }),
      policy: { isTlsRequired: false },
      unfinished,
      management: new StreamManagement({
        ...core,
        handler,
        config: { ...CONFIG, maxStanzas },
        unfinished,
      }),
      left: () => undefined,
    }
  }

  static async open(): Promise<XmppClients> {
    return new XmppClients(await openCore())
  }

  /** Signed in, and available. */
  async signIn(name: string): Promise<MemorySocket> {
    await this.#core.directory.addUser({ account: `${name}@${DOMAIN}` })
    const client = new MemorySocket()
    const connection = new Connection(this.#deps, new SocketLink(client, LINK_OPTIONS))
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
    const { contacts } = this.#core.directory
    const account = requireJid(`${name}@${DOMAIN}`).bare
    for (const other of others) {
      const contact = requireJid(`${other}@${DOMAIN}`).bare
      await contacts.put(account, { ...newRosterItem(contact), subscription: 'from' })
    }
    await contacts.get(account)
  }
}
