/** XEP-0025: HTTP polling, for clients that know nothing better. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import type { BoshWire } from '../../support/bosh-client.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { PASSWORD } from '../../support/xmpp-system.ts'
import { type HttpRig, type HttpRigOptions, startHttp } from './rig.ts'

const PATHS = { pollingPaths: ['/polling', '/wc12/webclient'] }
const HEADER = `<stream:stream to='corp.example' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`

/** One client, that asks when it is told to. */
class Poller {
  readonly #wire: BoshWire
  id = '0'

  constructor(wire: BoshWire) {
    this.#wire = wire
  }

  /** What came with the answer. */
  async post(xml: string, keys = ''): Promise<string> {
    const { status, headers, text } = await this.#wire.post(`${this.id}${keys},${xml}`, {
      'content-type': 'application/x-www-form-urlencoded',
    })
    assert.equal(status, 200)
    assert.match(String(headers['content-type']), /^text\/xml/)
    this.id = /^ID=([^;]+); path=\//.exec(String(headers['set-cookie']?.[0]))?.[1] ?? ''
    return text
  }

  /** Sends this, and asks until it has come. */
  async until(pattern: RegExp, xml = ''): Promise<string> {
    let all = await this.post(xml)
    while (!pattern.test(all)) all += await this.post('')
    return all
  }

  async online(user: string): Promise<this> {
    await this.post(HEADER)
    const plain = Buffer.from(`\0${user}\0${PASSWORD}`).toString('base64')
    const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`
    await this.until(/<success/, auth)
    await this.post(HEADER)
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>old</resource></bind>`
    await this.until(/<jid>/, `<iq type='set' id='b'>${bind}</iq>`)
    return this
  }
}

async function start(t: TestContext, options: HttpRigOptions = {}) {
  const rig = await startHttp(t, { ...options, http: { ...PATHS, ...options.http } })
  return { rig, poller: () => pollerOf(t, rig) }
}

function pollerOf(t: TestContext, rig: HttpRig): Poller {
  const wire = rig.wire('/polling')
  t.after(() => wire.destroy())
  return new Poller(wire)
}

const key = (text: string) => createHash('sha1').update(text).digest('base64')

describe('HTTP polling', () => {
  it('is off where nobody turned it on', async (t) => {
    const rig = await startHttp(t)
    const wire = rig.wire('/polling')
    t.after(() => wire.destroy())
    assert.equal((await wire.post(`0,${HEADER}`)).status, 404)
  })

  it('carries a stream in pieces, which need not be whole elements', async (t) => {
    const { rig, poller } = await start(t)
    const alice = poller()
    const begun = await alice.post(HEADER.slice(0, 30))
    assert.equal(begun, '')
    assert.match(alice.id, /^[A-Za-z0-9:-]+$/)
    assert.doesNotMatch(alice.id, /:0$/)
    const header = await alice.post(HEADER.slice(30))
    assert.match(header, /^<\?xml version='1\.0'\?><stream:stream .*from='corp\.example'/)
    assert.match(header, /<stream:features>/)
    assert.doesNotMatch(header, /starttls/)
    assert.equal(await alice.post(''), '')
    assert.equal(rig.system.sessions.count, 0)
  })

  it('carries messages to and from clients of other transports', async (t) => {
    const { rig, poller } = await start(t)
    const alice = await poller().online('alice')
    await alice.post('<presence/>')
    await using bob = await rig.system.online('bob')
    await alice.post(`<message to='bob@corp.example'><body>old ✓</body></message>`)
    await bob.expectMessage('old ✓')
    bob.send(`<message to='alice@corp.example'><body>new</body></message>`)
    await bob.settle()
    await alice.until(/<body>new<\/body>/)
    await alice.until(/<\/stream:stream>/, '</stream:stream>')
    assert.equal(rig.system.sessions.of(rig.system.jid('alice')).length, 0)
  })

  it('ends for who does not ask', async (t) => {
    const clock = new FakeClock()
    const { rig, poller } = await start(t, { clock, http: { pollingInactivity: 300_000 } })
    const alice = await poller().online('alice')
    clock.advance(200_000)
    await alice.post('')
    clock.advance(299_999)
    assert.equal(rig.system.sessions.count, 1)
    clock.advance(1)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(rig.system.sessions.count, 0)
    await alice.post('')
    assert.equal(alice.id, '0:0')
  })

  it('says how the stream ended to who asks', async (t) => {
    const { poller } = await start(t)
    const alice = await poller().online('alice')
    const end = await alice.until(/<\/stream:stream>/, `<message from='bob@corp.example'/>`)
    assert.match(end, /<invalid-from/)
    await alice.post('')
    assert.equal(alice.id, '0:0')
  })

  it('refuses what is no request', async (t) => {
    const { poller } = await start(t)
    for (const id of ['0;;', 'with space', '', 'x'.repeat(600)]) {
      const client = poller()
      client.id = id
      assert.equal(await client.post(HEADER), '')
      assert.equal(client.id, '-2:0', id)
    }
    const nobody = poller()
    nobody.id = '7776:2054'
    await nobody.post('')
    assert.equal(nobody.id, '0:0')
  })

  it('lets nobody in with the wrong key, and the owner goes on', async (t) => {
    const { poller } = await start(t)
    // The sequence that XEP-0025 shows: K(n, "foo").
    const keys = ['foo']
    while (keys.length < 7) keys.push(key(keys.at(-1) ?? ''))
    assert.equal(keys[6], 'VvxEk07IFy6hUmG/PPBlTLE2fiA=')
    const alice = poller()
    await alice.post(HEADER, `;${keys[6]}`)
    const { id } = alice
    await alice.post('', `;${keys[5]}`)
    assert.equal(alice.id, id)
    for (const wrong of ['', `;${keys[5]}`, `;${keys[3]}`, `;${key('x')}`]) {
      await alice.post('', wrong)
      assert.equal(alice.id, '-3:0', wrong)
      alice.id = id
    }
    await alice.post('', `;${keys[4]};${key(key('bar'))}`)
    assert.equal(alice.id, id)
    await alice.post('', `;${key('bar')}`)
    assert.equal(alice.id, id)
  })

  it('counts as a connection', async (t) => {
    const { rig, poller } = await start(t, { config: { maxConnections: 1 } })
    const alice = poller()
    await alice.post(HEADER)
    const bob = poller()
    await bob.post(HEADER)
    assert.equal(bob.id, '-1:0')
    await assert.rejects(rig.ws(), /refused: 503/)
  })
})
