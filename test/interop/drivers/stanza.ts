/** The library `stanza`, with its events kept for the test to ask for. */
import { type Agent, type AgentConfig, type AgentEvents, createClient } from 'stanza'
import { Inbox } from './inbox.ts'

interface Happened {
  readonly name: string
  readonly what: unknown
}

export interface StanzaOptions extends AgentConfig {
  readonly jid: string
  readonly password: string
  readonly transport: 'websocket' | 'bosh'
  readonly url: string
}

/** Long, in seconds, for a machine that does much else. */
const TIMEOUT = 30

export class StanzaClient implements AsyncDisposable {
  readonly agent: Agent
  readonly #events = new Inbox<Happened>(() => this.#log.join('\n'))
  /** All that was sent and came. */
  readonly #log: string[] = []

  constructor({ transport, url, ...config }: StanzaOptions) {
    const [, resource = ''] = config.jid.split('/')
    const others = { websocket: false, bosh: false }
    this.agent = createClient({
      timeout: TIMEOUT,
      ...config,
      resource,
      transports: { ...others, [transport]: url },
    })
    this.agent.on('raw', (direction: string, text: string) => {
      this.#log.push(`${direction} ${text}`)
    })
    this.agent.on('*', (name: string, what: unknown) => {
      if (
        typeof name === 'string' &&
        !/^(raw|stanza|iq|sm|sasl|auth|credentials)|:(data|id:)/.test(name)
      ) {
        this.#events.push({ name, what })
      }
    })
  }

  /** Answers the full JID, once its own presence has come back. */
  async online(): Promise<string> {
    this.agent.connect()
    await this.expect('session:started')
    await this.agent.getRoster()
    this.agent.sendPresence()
    await this.expect('available', ({ from }) => from === this.agent.jid)
    return this.agent.jid
  }

  /** The next event of this name that matches, past or to come. */
  async expect<K extends keyof AgentEvents>(
    name: K,
    matches: (what: AgentEvents[K]) => boolean = () => true,
  ): Promise<AgentEvents[K]> {
    const { what } = await this.#events.expect(
      (event) => event.name === name && matches(event.what as AgentEvents[K]),
      name,
    )
    return what as AgentEvents[K]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.agent.transport) return
    // It leaves without a word of what it has got, which the server then keeps for the next time (XEP-0198 §4). And
    // over BOSH it cannot stand that anything comes with the answer to its goodbye.
    await this.agent.ping()
    if (this.agent.sm.started) this.agent.sm.ack()
    await this.agent.ping()
    this.agent.disconnect()
    // It never says that it is disconnected where the server has just asked for an acknowledgement.
    await this.expect('stream:end')
  }
}
