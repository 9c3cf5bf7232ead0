/** As kill-actors.ts, by SIP over UDP from an address that needs no digest. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { ApiClient } from '../../src/cli/api-client.ts'
import type { TestServer } from '../support/server.ts'
import { Phone } from '../support/sip-system.ts'
import { type Actor, jid, signIn } from './kill-actors.ts'

async function openPhone(server: TestServer, t: TestContext, name: string): Promise<Phone> {
  return await Phone.open(t, { port: () => server.port('sipUdp') }, name)
}

/** What is on its way is not sent again to the next server, which would take it for something new. */
async function hangUp(phone: Phone | undefined): Promise<void> {
  await phone?.[Symbol.asyncDispose]()
}

/** Tells the state of one person again and again, each time under the entity-tag of the last answer. */
export class Publisher implements Actor {
  readonly name: string
  #phone: Phone | undefined
  #gone: Promise<unknown> = Promise.resolve()
  #etag: string | undefined
  #sent = 0
  #acknowledged = 0

  constructor(name: string) {
    this.name = name
  }

  get inFlight(): number {
    return this.#sent - this.#acknowledged
  }

  async connect(server: TestServer, t: TestContext): Promise<void> {
    this.#phone = await openPhone(server, t, this.name)
    this.#gone = server.ended
  }

  async work(acknowledged: () => void): Promise<void> {
    for (;;) {
      this.#sent += 1
      const answer = await Promise.race([this.#publish(this.#phone), this.#gone.then(() => 'gone')])
      if (answer === 'gone') return await hangUp(this.#phone)
      assert.equal(answer, 200)
      this.#acknowledged = this.#sent
      acknowledged()
    }
  }

  async verify(server: TestServer, t: TestContext): Promise<void> {
    const state = await new ApiClient(server.data).call({
      method: 'GET',
      path: `/api/v1/presence/${jid(this.name)}`,
    })
    const { note } = state as { note?: string }
    const committed = note === `state ${this.#sent}`
    assert.ok(committed || note === `state ${this.#acknowledged}`, `${this.#acknowledged}, ${note}`)
    // RFC 3903 §6 step 3: the answer with the entity-tag that would match may have been lost.
    const phone = await openPhone(server, t, this.name)
    const lost = committed && this.#sent > this.#acknowledged
    assert.equal(await this.#publish(phone), lost ? 412 : 200)
  }

  async #publish(phone: Phone | undefined): Promise<number | undefined> {
    const response = await phone?.send('PUBLISH', {
      uri: `sip:${jid(this.name)}`,
      headers: [
        ['Event', 'presence'],
        ['Content-Type', 'application/pidf+xml'],
        ...(this.#etag === undefined ? [] : [['SIP-If-Match', this.#etag] as const]),
      ],
      body: pidf(this.name, `state ${this.#sent}`),
    })
    this.#etag = response?.headers.get('SIP-ETag') ?? this.#etag
    return response?.status
  }
}

function pidf(user: string, note: string): string {
  return `<?xml version='1.0'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:${jid(user)}'>
<tuple id='t1'><status><basic>open</basic></status><note>${note}</note></tuple></presence>`
}

/** Sends messages to somebody absent, several at a time; 202 says that one is stored (RFC 3428 §7). */
export class OfflineCaller implements Actor {
  readonly name = 'heidi'
  #phone: Phone | undefined
  #gone: Promise<unknown> = Promise.resolve()
  #count = 0
  readonly #sent = new Set<string>()
  readonly #acknowledged = new Set<string>()

  get inFlight(): number {
    return this.#sent.size - this.#acknowledged.size
  }

  async connect(server: TestServer, t: TestContext): Promise<void> {
    this.#phone = await openPhone(server, t, this.name)
    this.#gone = server.ended
  }

  async work(acknowledged: () => void): Promise<void> {
    await Promise.all([1, 2, 3].map(() => this.#call(acknowledged)))
    await hangUp(this.#phone)
  }

  async #call(acknowledged: () => void): Promise<void> {
    for (;;) {
      const text = `call ${this.#count++}`
      this.#sent.add(text)
      const sending = this.#phone?.message(`sip:${jid('ivan')}`, text)
      const response = await Promise.race([sending, this.#gone.then(() => undefined)])
      if (!response) return
      assert.equal(response.status, 202)
      this.#acknowledged.add(text)
      acknowledged()
    }
  }

  async verify(server: TestServer): Promise<void> {
    await using ivan = await signIn(server, 'ivan')
    await ivan.available()
    const bodies = (await ivan.settle())
      .filter(({ name }) => name === 'message')
      .map((message) => message.child('body')?.text() ?? '')
    const received = new Set(bodies)
    assert.equal(received.size, bodies.length, 'nothing came twice')
    assert.deepEqual([...this.#acknowledged.difference(received)], [])
    assert.deepEqual([...received.difference(this.#sent)], [])
    this.#sent.clear()
    this.#acknowledged.clear()
  }
}
