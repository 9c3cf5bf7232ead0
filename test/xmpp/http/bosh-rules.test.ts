/** XEP-0124: the rules of BOSH, request by request. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { body } from '../../support/bosh-client.ts'
import type { RawBosh } from '../../support/bosh-session.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { DOMAIN, PASSWORD } from '../../support/xmpp-system.ts'
import { type HttpRig, type HttpRigOptions, startHttp } from './rig.ts'

const ALICE = 'alice@corp.example'
const EMPTY = `<body xmlns='http://jabber.org/protocol/httpbind'/>`

async function online(t: TestContext, options: HttpRigOptions = {}) {
  const rig = await startHttp(t, options)
  return { rig, alice: await rig.raw().online(ALICE, PASSWORD) }
}

async function write(rig: HttpRig, text: string): Promise<void> {
  await using bob = await rig.system.connect('bob', `desk-${text}`)
  bob.send(`<message to='${ALICE}' type='normal'><body>${text}</body></message>`)
  await bob.settle()
}

/** So that messages come to her. */
async function available(alice: RawBosh): Promise<void> {
  const { text } = await alice.post(`<presence xmlns='jabber:client'/>`)
  assert.match(text, /<presence/)
}

const ended = (text: string, condition: string) =>
  assert.match(text, new RegExp(`type='terminate' condition='${condition}'`))

describe('requests', () => {
  it('wait for something to answer, one at a time, and are answered in their order', async (t) => {
    const { alice } = await online(t)
    const first = alice.post()
    const second = alice.ping()
    assert.match((await first).text, /id='p'/)
    const third = alice.ping('q')
    // The second had waited, and is answered first.
    assert.match((await second).text, /id='q'/)
    const last = alice.ping('r')
    assert.match((await third).text, /id='r'/)
    await alice.post('', `type='terminate'`)
    assert.match((await last).text, /type='terminate'/)
  })

  it('wait as long as agreed on, and are answered with nothing then', async (t) => {
    const clock = new FakeClock()
    const { alice } = await online(t, { clock })
    const { answer } = await alice.waiting()
    clock.advance(60_000)
    assert.equal((await answer).text, EMPTY)
  })

  it('are worked on in their order, whatever order they come in', async (t) => {
    const { rig, alice } = await online(t)
    await using bob = await rig.system.online('bob')
    const message = (text: string) =>
      `<message xmlns='jabber:client' to='bob@corp.example'><body>${text}</body></message>`
    const { rid } = alice
    const late = alice.at(rid + 2, message('two'))
    const early = alice.at(rid + 1, message('one'))
    await early
    const bodies = []
    for (let at = 0; at < 2; at++) {
      const come = await bob.expect(({ name }) => name === 'message')
      bodies.push(come.child('body')?.text())
    }
    assert.deepEqual(bodies, ['one', 'two'])
    alice.rid += 2
    const end = alice.post('', `type='terminate'`)
    await Promise.all([late, end])
  })

  it('beyond the window end the session', async (t) => {
    const { rig, alice } = await online(t)
    ended((await alice.at(alice.rid + 3)).text, 'item-not-found')
    assert.equal(rig.system.sessions.count, 0)
    ended((await alice.at(alice.rid + 1)).text, 'other-request')
  })

  it('that are too many at a time end it', async (t) => {
    const { alice } = await online(t)
    const { answer } = await alice.waiting()
    // The next is missing, so that two wait for it.
    const early = alice.at(alice.rid + 2, `<presence xmlns='jabber:client'/>`)
    // That one has come: another of the same number takes its place.
    const again = alice.at(alice.rid + 2, `<presence xmlns='jabber:client'/>`)
    assert.equal((await early).text, EMPTY.replace('/>', ` type='error'/>`))
    ended((await alice.at(alice.rid + 3)).text, 'item-not-found')
    ended((await answer).text, 'other-request')
    assert.equal((await again).text, EMPTY)
  })

  it('of nobody’s, and such as are no requests, are refused', async (t) => {
    const rig = await startHttp(t)
    const raw = rig.raw()
    await raw.begin(DOMAIN)
    for (const [text, condition] of [
      [body(`rid='5' sid='${'x'.repeat(32)}'`), 'item-not-found'],
      [body(`sid='${raw.sid}'`), 'bad-request'],
      [body(`rid='9007199254740992' sid='${raw.sid}'`), 'bad-request'],
      [body(`rid='1e5' sid='${raw.sid}'`), 'bad-request'],
      ['', 'bad-request'],
      ['<body', 'bad-request'],
      [`<body rid='5'/>`, 'bad-request'],
      [`${EMPTY}${EMPTY}`, 'bad-request'],
      [`<!DOCTYPE body>${EMPTY}`, 'bad-request'],
      [body(`rid='5'`, 'text'), 'bad-request'],
    ] as const) {
      const answer = await raw.wire.post(text)
      assert.equal(answer.status, 200)
      ended(answer.text, condition)
    }
    const large = body(`rid='5'`, `<a>${'x'.repeat(600_000)}</a>`)
    ended((await raw.wire.post(large)).text, 'policy-violation')
    // None of them ended the session of somebody else.
    const { text } = await raw.post(`<iq xmlns='jabber:client' type='get' id='1'/>`)
    assert.match(text, /not-authorized/)
  })

  it('of a stranger are small', async (t) => {
    const { rig, alice } = await online(t)
    const stranger = rig.raw()
    await stranger.begin(DOMAIN)
    const much = `<a>${'x'.repeat(30_000)}</a>`
    assert.match((await stranger.post(much)).text, /policy-violation/)
    const { text } = await alice.post(
      `<message xmlns='jabber:client' to='nobody@corp.example'><body>${'x'.repeat(30_000)}</body></message>`,
    )
    assert.match(text, /service-unavailable/)
  })

  it('of a client from before 1.6 are refused in HTTP’s words', async (t) => {
    const rig = await startHttp(t)
    const old = rig.raw()
    await old.begin(DOMAIN, `wait='60' hold='1'`)
    const { status } = await old.at(old.rid + 9)
    assert.equal(status, 404)
  })
})

describe('answers that got lost', () => {
  it('come again, as they were', async (t) => {
    const { alice } = await online(t)
    const first = await alice.ping('one')
    const again = await alice.at(alice.rid, '<other/>')
    assert.equal(again.text, first.text)
    const next = await alice.ping('two')
    assert.match(next.text, /id='two'/)
    assert.equal((await alice.at(alice.rid - 1)).text, first.text)
  })

  it('do not, once they are too old', async (t) => {
    const { rig, alice } = await online(t)
    for (const id of ['one', 'two', 'three']) await alice.ping(id)
    ended((await alice.at(alice.rid - 2)).text, 'item-not-found')
    assert.equal(rig.system.sessions.count, 0)
  })

  it('are not needed after they were acknowledged', async (t) => {
    const rig = await startHttp(t)
    const alice = rig.raw()
    await alice.begin(DOMAIN, `wait='60' hold='1' ver='1.11' ack='1'`)
    await alice.online(ALICE, PASSWORD)
    await alice.ping('one')
    await alice.ping('two')
    // Without `ack` she has all that came before.
    ended((await alice.at(alice.rid - 1)).text, 'item-not-found')
  })

  it('are not sent to a connection that broke: what waits goes to the next', async (t) => {
    const { rig, alice } = await online(t)
    await available(alice)
    const { answer } = await alice.waiting()
    alice.wire.destroy()
    await assert.rejects(answer)
    await write(rig, 'hello')
    const { rid } = alice
    // The request that broke is sent again, and the one after it.
    const [again, next] = [await alice.at(rid), await alice.post()]
    assert.match(again.text + next.text, /<body>hello<\/body>/)
  })

  it('come to the request that was sent again while it waited', async (t) => {
    const { rig, alice } = await online(t)
    await available(alice)
    const { answer } = await alice.waiting()
    const again = alice.at(alice.rid)
    assert.equal((await answer).text, EMPTY.replace('/>', ` type='error'/>`))
    await write(rig, 'hello')
    assert.match((await again).text, /hello/)
  })

  it('are not asked for without end', async (t) => {
    const { alice } = await online(t)
    for (let at = 0; at < 20; at++)
      assert.doesNotMatch((await alice.at(alice.rid)).text, /terminate/)
    ended((await alice.at(alice.rid)).text, 'policy-violation')
  })
})

describe('acknowledgements', () => {
  it('tell the client what has come', async (t) => {
    const rig = await startHttp(t)
    const alice = rig.raw()
    const begun = await alice.begin(DOMAIN, `wait='60' hold='1' ver='1.11' ack='1'`)
    assert.equal(begun.body.attr('ack'), String(alice.rid))
    await alice.online(ALICE, PASSWORD)
    const first = alice.post()
    const second = alice.ping()
    assert.equal((await first).body.attr('ack'), String(alice.rid))
    // §9.1: not where it would be its own number.
    const end = alice.post('', `type='terminate'`)
    await Promise.all([second, end])
  })
})

describe('silence', () => {
  it('ends a session, which is lost and no more', async (t) => {
    const clock = new FakeClock()
    const { rig, alice } = await online(t, { clock })
    clock.advance(89_000)
    await alice.ping()
    clock.advance(89_000)
    assert.equal(rig.system.sessions.count, 1)
    clock.advance(1_000)
    assert.equal(rig.system.sessions.count, 0)
    ended((await alice.ping()).text, 'item-not-found')
  })

  it('is no silence while a request waits', async (t) => {
    const clock = new FakeClock()
    const { rig, alice } = await online(t, { clock, http: { boshWait: 600_000 } })
    const raw = rig.raw()
    await raw.begin(DOMAIN, `wait='600' hold='1'`)
    await raw.online('bob@corp.example', PASSWORD)
    const { answer } = await raw.waiting()
    clock.advance(300_000)
    assert.equal(rig.system.sessions.count, 1)
    const held = raw.ping('later')
    assert.match((await answer).text, /later/)
    const end = raw.post('', `type='terminate'`)
    await Promise.all([held, end])
    ended((await alice.ping()).text, 'item-not-found')
  })

  it('may be announced, and is longer then', async (t) => {
    const clock = new FakeClock()
    const { rig, alice } = await online(t, { clock })
    const { answer } = await alice.waiting()
    const pause = await alice.post('', `pause='120'`)
    assert.equal(pause.text, EMPTY)
    assert.equal((await answer).text, EMPTY)
    clock.advance(119_000)
    assert.equal(rig.system.sessions.count, 1)
    assert.match((await alice.ping()).text, /id='p'/)
    // Only once.
    clock.advance(90_000)
    assert.equal(rig.system.sessions.count, 0)
  })

  it('may not be announced for too long', async (t) => {
    const { alice } = await online(t)
    ended((await alice.post('', `pause='121'`)).text, 'policy-violation')
  })
})

describe('impatience', () => {
  it('ends the session of who asks for nothing while he is waiting for it', async (t) => {
    const clock = new FakeClock()
    const { rig, alice } = await online(t, { clock })
    const { answer } = await alice.waiting()
    clock.advance(5_000)
    const patient = alice.post()
    assert.equal((await answer).text, EMPTY)
    clock.advance(4_999)
    ended((await alice.post()).text, 'policy-violation')
    ended((await patient).text, 'other-request')
    assert.equal(rig.system.sessions.count, 0)
  })

  it('ends the session of who polls too often, and got nothing', async (t) => {
    const clock = new FakeClock()
    const rig = await startHttp(t, { clock })
    const alice = rig.raw()
    await alice.begin(DOMAIN, `wait='60' hold='0' ver='1.11'`)
    await alice.online(ALICE, PASSWORD)
    assert.equal((await alice.post()).text, EMPTY)
    clock.advance(5_000)
    assert.equal((await alice.post()).text, EMPTY)
    clock.advance(4_999)
    ended((await alice.post()).text, 'policy-violation')
  })

  it('may be allowed', async (t) => {
    const { alice } = await online(t, { http: { boshPolling: 0 } })
    const { answer } = await alice.waiting()
    const next = alice.post()
    assert.equal((await answer).text, EMPTY)
    const end = alice.post('', `type='terminate'`)
    await Promise.all([next, end])
  })
})

describe('keys (§15)', () => {
  const hash = (text: string) => createHash('sha1').update(text).digest('hex')

  /** K(1) … K(n). */
  function sequence(seed: string, length: number): string[] {
    const keys = [hash(seed)]
    while (keys.length < length) keys.push(hash(keys.at(-1) ?? ''))
    return keys
  }

  async function begin(t: TestContext) {
    const rig = await startHttp(t)
    const raw = rig.raw()
    const keys = sequence('seed', 5)
    await raw.begin(DOMAIN, `wait='60' hold='1' ver='1.11' newkey='${keys.pop()}'`)
    return { raw, keys }
  }

  const nothing = `<iq xmlns='jabber:client' type='get' id='1'/>`

  it('let in who knows the next one, in whatever case, and begin anew', async (t) => {
    const { raw, keys } = await begin(t)
    const auth = (attrs: string) =>
      raw.post(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'/>`, attrs)
    assert.match((await auth(`key='${keys.pop()}'`)).text, /invalid-mechanism/)
    const others = sequence('other', 3)
    const both = `key='${keys.pop()}' newkey='${others.pop()?.toUpperCase()}'`
    assert.match((await auth(both)).text, /invalid-mechanism/)
    const last = await auth(`key='${others.pop()}'`)
    assert.match(last.text, /invalid-mechanism/)
    // The same request again has the same key.
    assert.equal(
      (await raw.at(raw.rid, '', `key='${others.at(0)}'`)).body.attr('type'),
      'terminate',
    )
  })

  it('end the session for who does not', async (t) => {
    for (const attrs of ['', `key='${hash('wrong')}'`]) {
      const { raw } = await begin(t)
      ended((await raw.post(nothing, attrs)).text, 'item-not-found')
    }
  })
})
