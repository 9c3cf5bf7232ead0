/** People who keep a server busy, and who remember what it acknowledged before it was killed. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import type { TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'

export interface Actor {
  readonly name: string
  connect(server: TestServer, t: TestContext): Promise<void>
  /** Goes on until the server is gone. */
  work(acknowledged: () => void): Promise<void>
  /** What was sent and not acknowledged so far. */
  readonly inFlight: number
  /** Compares what a new server on the old data says with what the one before it acknowledged. */
  verify(server: TestServer, t: TestContext): Promise<void>
}

const NS_ROSTER = 'jabber:iq:roster'
const PING = `<ping xmlns='urn:xmpp:ping'/>`

export const jid = (user: string) => `${user}@${DOMAIN}`

export function signIn(server: TestServer, user: string): Promise<XmppClient> {
  const options = { jid: jid(user), password: PASSWORD, resource: 'desk' }
  return XmppClient.signIn({ port: server.port('xmpp') }, options)
}

/** That the connection ends is what these tests are about; nothing else may go wrong. */
async function untilGone(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('gone while waiting'))) throw error
  })
}

/** Keeps `size` promises unsettled, each made when one before it has settled. */
async function windowOf(size: number, next: () => Promise<void>): Promise<never> {
  const window: Promise<void>[] = []
  for (;;) {
    const made = next()
    made.catch(() => undefined) // thrown below, where it is waited for
    window.push(made)
    if (window.length >= size) await window.shift()
  }
}

type Roster = ReadonlyMap<string, string>

/** The items of a roster result or push, each as its text; removed ones as `undefined`. */
function itemsOf(iq: Element): [string, string | undefined][] {
  const query = iq.child('query', NS_ROSTER)
  return [...(query?.elements() ?? [])].map((item) => {
    const groups = [...item.elements()].map((group) => `[${group.text()}]`)
    const { name, subscription, ask, jid: contact = '' } = item.attrs
    if (subscription === 'remove') return [contact, undefined]
    return [contact, [name, ...groups, subscription, ask].filter(Boolean).join(' ')]
  })
}

function applied(roster: Roster, changes: readonly [string, string | undefined][]): Roster {
  const changed = new Map(roster)
  for (const [contact, item] of changes) {
    if (item === undefined) changed.delete(contact)
    else changed.set(contact, item)
  }
  return changed
}

function written(roster: Roster): string {
  return [...roster]
    .map((item) => item.join(': '))
    .sort()
    .join('\n')
}

async function rosterOf(client: XmppClient): Promise<Roster> {
  const result = await client.iq('get', `<query xmlns='${NS_ROSTER}'/>`)
  return applied(new Map(), itemsOf(result))
}

const isPush = (element: Element) =>
  element.attr('type') === 'set' && element.child('query', NS_ROSTER) !== undefined

/** Adds, changes and removes contacts without waiting for each answer. */
export class RosterEditor implements Actor {
  readonly name = 'alice'
  #client: XmppClient | undefined
  /** The roster when the client connected, and every edit since, in the order sent. */
  #before: Roster = new Map()
  #edits: [string, string | undefined][] = []
  #after: Roster = new Map()
  #acknowledged = 0
  #count = 0

  get inFlight(): number {
    return this.#edits.length - this.#acknowledged
  }

  async connect(server: TestServer): Promise<void> {
    this.#client = await signIn(server, this.name)
    this.#before = await rosterOf(this.#client)
    this.#after = this.#before
    this.#edits = []
    this.#acknowledged = 0
  }

  work(acknowledged: () => void): Promise<void> {
    return untilGone(
      windowOf(8, async () => {
        const iq = this.#client?.iq('set', this.#nextEdit())
        assert.equal((await iq)?.attr('type'), 'result')
        this.#acknowledged += 1
        acknowledged()
      }),
    )
  }

  async verify(server: TestServer): Promise<void> {
    await using client = await signIn(server, this.name)
    const now = written(await rosterOf(client))
    const possible = this.#edits.map((_, at) => applied(this.#before, this.#edits.slice(0, at + 1)))
    const found = [this.#before, ...possible].slice(this.#acknowledged).map(written).indexOf(now)
    assert.ok(
      found >= 0,
      `${this.#acknowledged} of ${this.#edits.length} edits acknowledged, and now\n${now}`,
    )
    await this.#catchUp(client, now)
  }

  /** RFC 6121 §2.6: with the changes since the last version that it was told, a client is up to date. */
  async #catchUp(client: XmppClient, now: string): Promise<void> {
    let known = this.#before
    let version: string | undefined
    for (;;) {
      const push = await this.#client?.expect(isPush).catch(() => undefined)
      if (!push) break
      known = applied(known, itemsOf(push))
      version = push.child('query', NS_ROSTER)?.attr('ver')
    }
    assert.ok(version !== undefined, 'the server pushed changes')
    const result = await client.iq('get', `<query xmlns='${NS_ROSTER}' ver='${version}'/>`)
    assert.equal(result.child('query', NS_ROSTER), undefined, 'the version is known')
    for (const push of (await client.settle()).filter(isPush)) known = applied(known, itemsOf(push))
    assert.equal(written(known), now)
  }

  #nextEdit(): string {
    const n = this.#count++
    const contact = `contact${(n * 7) % 50}@elsewhere.example`
    const remove = n % 3 === 2 && this.#after.has(contact)
    const edit: [string, string | undefined] = [contact, remove ? undefined : `v${n} [g] none`]
    this.#edits.push(edit)
    this.#after = applied(this.#after, [edit])
    const inside = remove ? `subscription='remove'/>` : `name='v${n}'><group>g</group></item>`
    return `<query xmlns='${NS_ROSTER}'><item jid='${contact}' ${inside}</query>`
  }
}

/** One side of a subscription: what the last roster push said, and what one more step would make it. */
class Side {
  readonly user: string
  readonly other: string
  client: XmppClient | undefined
  acknowledged = 'none'
  next = 'none'

  constructor(user: string, other: string) {
    this.user = user
    this.other = other
  }

  send(type: string): void {
    this.client?.send(`<presence type='${type}' to='${jid(this.other)}'/>`)
  }

  async pushed(): Promise<void> {
    const push = await this.client?.expect(isPush)
    assert.equal(push && itemsOf(push)[0]?.[1], this.next)
    this.acknowledged = this.next
  }
}

/** Bob asks to see Carol, she agrees, he loses interest, and again. */
export class Subscribers implements Actor {
  readonly name = 'bob and carol'
  readonly #bob = new Side('bob', 'carol')
  readonly #carol = new Side('carol', 'bob')
  readonly inFlight = 1

  async connect(server: TestServer): Promise<void> {
    for (const side of [this.#bob, this.#carol]) {
      side.client = await signIn(server, side.user)
      await rosterOf(side.client)
      await side.client.available()
      await side.client.settle()
      side.acknowledged = 'none'
      side.next = 'none'
    }
  }

  work(acknowledged: () => void): Promise<void> {
    return untilGone(this.#comeAndGo(acknowledged))
  }

  async #comeAndGo(acknowledged: () => void): Promise<never> {
    const [bob, carol] = [this.#bob, this.#carol]
    const pushed = async (side: Side) => {
      await side.pushed()
      acknowledged()
    }
    for (;;) {
      bob.next = 'none subscribe'
      bob.send('subscribe')
      await pushed(bob)
      await carol.client?.expectPresence('subscribe')
      carol.next = 'from'
      bob.next = 'to'
      carol.send('subscribed')
      await pushed(carol)
      await pushed(bob)
      carol.next = 'none'
      bob.next = 'none'
      bob.send('unsubscribe')
      await pushed(bob)
      await pushed(carol)
    }
  }

  async verify(server: TestServer): Promise<void> {
    await using bob = await signIn(server, 'bob')
    await using carol = await signIn(server, 'carol')
    const asks = await this.#compare(bob, this.#bob)
    const agreed = await this.#compare(carol, this.#carol)
    await carol.available()
    await bob.available()
    // RFC 6121 §3.1.2: what a crash kept from arriving is asked again, and answered where it had been.
    if (asks === 'none subscribe' && agreed === 'from') await bob.expectPresence('subscribed')
    else if (asks === 'none subscribe') await carol.expectPresence('subscribe', jid('bob'))
    await this.#end(bob, carol)
  }

  async #compare(client: XmppClient, side: Side): Promise<string> {
    const now = (await rosterOf(client)).get(jid(side.other)) ?? 'none'
    assert.ok(
      now === side.acknowledged || now === side.next,
      `${side.user} was told ${side.acknowledged}, at most ${side.next} was to come, and now: ${now}`,
    )
    return now
  }

  /** From whatever there is back to nothing. */
  async #end(bob: XmppClient, carol: XmppClient): Promise<void> {
    carol.send(`<presence type='unsubscribed' to='${jid('bob')}'/>`)
    await carol.settle()
    bob.send(`<presence type='unsubscribe' to='${jid('carol')}'/>`)
    await bob.settle()
    assert.equal((await rosterOf(bob)).get(jid('carol')) ?? 'none', 'none')
    assert.equal((await rosterOf(carol)).get(jid('bob')) ?? 'none', 'none')
  }
}

/** Eve writes to Frank, who is absent; the answer to a ping tells her what is stored (docs/adr/0007). */
export class OfflineWriter implements Actor {
  readonly name = 'eve'
  #client: XmppClient | undefined
  #sent = 0
  #acknowledged = 0
  #received = 0

  get inFlight(): number {
    return this.#sent - this.#acknowledged
  }

  async connect(server: TestServer): Promise<void> {
    this.#client = await signIn(server, this.name)
  }

  work(acknowledged: () => void): Promise<void> {
    return untilGone(
      windowOf(3, async () => {
        for (let more = 0; more < 4; more += 1) this.#write()
        const upTo = this.#sent
        await this.#client?.iq('get', PING)
        this.#acknowledged = upTo
        acknowledged()
      }),
    )
  }

  async verify(server: TestServer): Promise<void> {
    await using frank = await signIn(server, 'frank')
    await frank.available()
    const messages = (await frank.settle()).filter(({ name }) => name === 'message')
    for (const message of messages) {
      assert.equal(message.child('body')?.text(), `message ${this.#received}`)
      assert.ok(message.child('delay', 'urn:xmpp:delay'))
      this.#received += 1
    }
    const told = `${this.#acknowledged} of ${this.#sent} acknowledged, ${this.#received} received`
    assert.ok(this.#acknowledged <= this.#received && this.#received <= this.#sent, told)
    // The rest got lost on its way, which nobody had said it would not; the next one is another.
    this.#sent = this.#received
    this.#acknowledged = this.#received
  }

  #write(): void {
    const body = `<body>message ${this.#sent}</body>`
    this.#client?.send(`<message type='chat' to='${jid('frank')}'>${body}</message>`)
    this.#sent += 1
  }
}
