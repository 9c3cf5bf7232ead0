/** RFC 4660 at the notifier: filters in SUBSCRIBEs, and what is told because of them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Activity } from '../../../src/core/presence/observation.ts'
import { inDialog, type Setup, setUp } from './notifier-rig.ts'
import { ALICE, type Exchange, settle } from './support.ts'

const SIMPLE_FILTER = 'application/simple-filter+xml'

const set = (filters: string) =>
  '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><ns-bindings>' +
  '<ns-binding prefix="pidf" urn="urn:ietf:params:xml:ns:pidf"/>' +
  '<ns-binding prefix="dm" urn="urn:ietf:params:xml:ns:pidf:data-model"/>' +
  `<ns-binding prefix="rpid" urn="urn:ietf:params:xml:ns:pidf:rpid"/></ns-bindings>${filters}</filter-set>`
const what = (path: string, id = '1') =>
  `<filter id="${id}"><what><include>${path}</include></what></filter>`
const BASIC = set(what('//pidf:basic'))
const WHEN_BUSY = set(
  '<filter id="1"><trigger><added>//rpid:activities/rpid:busy</added></trigger></filter>',
)

function watching(setup: Setup = {}) {
  const it = setUp(setup)
  it.userAgent.answerAll = 200
  const bodies = () => it.userAgent.sent.map(({ request }) => request.body.toString())
  const watch = (body: string, init: object = {}, headers: [string, string][] = []) =>
    it.subscribe({
      ...init,
      headers: [
        ...(body === '' ? [] : [['Content-Type', SIMPLE_FILTER] as [string, string]]),
        ...headers,
      ],
      body,
    })
  const says = async (activity: Activity, note?: string) => {
    it.presence.report({
      presentity: ALICE,
      source: 'sip/1',
      observations: [
        {
          id: 'a',
          class: 'phone',
          basic: 'open',
          activity,
          note,
          manual: false,
          since: it.clock.now(),
        },
      ],
      until: undefined,
    })
    await settle()
  }
  return { ...it, watch, says, bodies, latest: () => bodies().at(-1) ?? '' }
}

describe('a filter (RFC 4660 §5.3)', () => {
  test('leaves what it names, in each NOTIFY, and of what it leaves out nothing is told', async () => {
    const { watch, says, latest, bodies } = watching()
    await says('available', 'a note')
    assert.equal((await watch(BASIC)).status, 200)
    await settle()
    assert.match(
      latest(),
      /<tuple id="t[0-9a-f]{12}"><status><basic>open<\/basic><\/status><\/tuple><\/presence>/,
    )
    await says('available', 'another note')
    assert.equal(bodies().length, 1)
    await says('offline')
    assert.equal(bodies().length, 2)
    assert.match(latest(), /<basic>closed<\/basic>/)
  })

  test('lets through the changes that it names, with all there is (§5.3.2)', async () => {
    const { watch, says, latest, bodies } = watching()
    await watch(WHEN_BUSY)
    await settle()
    assert.equal(bodies().length, 1)
    await says('available')
    await says('away')
    assert.equal(bodies().length, 1)
    await says('busy')
    assert.equal(bodies().length, 2)
    assert.match(latest(), /<rpid:busy\/>.*<dm:timestamp>/)
    await says('away')
    assert.equal(bodies().length, 2)
    await says('busy')
    assert.equal(bodies().length, 2, 'he was told busy, and so nothing was added to what he has')
  })

  test('holds back nothing of a new decision about the watcher', async () => {
    const { watch, says, latest, rule } = watching({ policy: 'block' })
    await says('busy')
    await watch(WHEN_BUSY)
    await settle()
    assert.match(latest(), /closed/)
    await rule('allow')
    await settle()
    assert.match(latest(), /<rpid:busy\/>/)
    await rule('block')
    await settle()
    assert.match(latest(), /closed/)
  })

  test('that leaves nothing is told nothing (§5.3.1)', async () => {
    const { watch, says, userAgent } = watching()
    await says('available')
    await watch(set(what('//rpid:mood')))
    await settle()
    assert.equal(userAgent.last.request.body.length, 0)
    assert.equal(userAgent.last.request.headers.get('Content-Type'), undefined)
  })

  test('is applied to partial presence, too (RFC 5263)', async () => {
    const { watch, says, latest } = watching()
    await says('available', 'a note')
    const filter = set(
      what('//dm:person') + what('/x', '2').replace('id="2"', 'id="2" uri="sip:carol@example.com"'),
    )
    const accept: [string, string] = [
      'Accept',
      'application/pidf+xml;q=0.1, application/pidf-diff+xml',
    ]
    await watch(filter, {}, [accept])
    await settle()
    assert.match(latest(), /<p:pidf-full .*version="1"[^>]*><dm:person id="p1"><dm:note>a note/)
    await says('busy', 'a note')
    assert.match(latest(), /<p:pidf-diff .*version="2"[^>]*><p:\w+ sel="\*\/dm:person/)
    assert.ok(!latest().includes('tuple'))
  })
})

describe('a refresh (RFC 4660 §5.2.2)', () => {
  async function refreshed(body: string): Promise<{ tx: Exchange; latest: string }> {
    const { watch, says, latest } = watching()
    await says('available', 'a note')
    const begun = await watch(BASIC)
    const tx = await watch(body, inDialog(begun, 2))
    await settle()
    return { tx, latest: latest() }
  }

  test('without a filter leaves it', async () => {
    const { latest } = await refreshed('')
    assert.ok(latest.includes('basic') && !latest.includes('note'))
  })

  test('replaces the filter of the same id', async () => {
    const { latest } = await refreshed(set(what('//dm:note')))
    assert.ok(latest.includes('<dm:note>a note') && !latest.includes('basic'))
  })

  test('removes it, or switches it off', async () => {
    for (const gone of ['<filter id="1" remove="true"/>', '<filter id="1" enabled="false"/>']) {
      const { latest } = await refreshed(set(gone))
      assert.ok(latest.includes('<dm:note>a note') && latest.includes('basic'), gone)
    }
  })

  test('with another filter for the same resource is refused, and nothing changes', async () => {
    const { tx, latest } = await refreshed(set(what('//dm:note', 'other')))
    assert.equal(tx.status, 488)
    assert.ok(latest.includes('basic') && !latest.includes('note'))
  })
})

describe('over a restart', () => {
  test('filters hold on', async () => {
    const before = watching()
    const begun = await before.watch(BASIC)
    await before.watch(
      set('<filter id="2" domain="nowhere.example" enabled="false"/>'),
      inDialog(begun, 2),
    )
    await settle()
    await before.notifier.stop()
    const { notifier, says, clock, bodies } = watching({ store: before.store, clock: before.clock })
    await notifier.restore()
    await says('available', 'a note')
    clock.advance(10_000)
    await settle()
    assert.match(bodies().at(-1) ?? '', /<basic>open<\/basic><\/status><\/tuple><\/presence>/)
  })
})

describe('a filter that cannot be (RFC 4660 §5.4)', () => {
  const refused: [what: string, body: string, status: number][] = [
    ['no XML', '<filter-set', 400],
    ['no filter set', '<a/>', 488],
    ['an expression that is none', set(what('//pidf:basic[')), 488],
    ['a prefix that nothing binds', set(what('//x:basic')), 488],
    ['two for one resource', set(what('/a') + what('/b', '2')), 488],
    ['too large', set(' '.repeat(40_000)), 413],
  ]
  for (const [name, body, status] of refused) {
    test(`${name}: ${status}, and a warning that says why`, async () => {
      const { watch } = watching()
      const tx = await watch(body)
      assert.equal(tx.status, status)
      assert.match(tx.header('Warning') ?? '', /^399 heliograph "[\x20-\x7e]+"$/)
    })
  }

  test('in another format: 415, and Accept says which is taken (§5.2)', async () => {
    const { subscribe } = watching()
    const tx = await subscribe({ headers: [['Content-Type', 'text/plain']], body: 'all' })
    assert.equal(tx.status, 415)
    assert.equal(tx.header('Accept'), SIMPLE_FILTER)
  })
})
