/** The library for application servers, against a server over real sockets (RFC 4662, RFC 5367, RFC 3903). */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  type ConnectionStatus,
  LocalPresence,
  type LocalPresenceOptions,
  RequestFailed,
  type View,
} from '../../lps/src/index.ts'
import { MAX_PAIRS } from '../../lps/src/watched-pairs.ts'
import { requireJid } from '../../src/core/address.ts'
import type { Activity } from '../../src/core/presence/observation.ts'
import type { ApplicationServer } from '../../src/sip/applications/application-servers.ts'
import { Phone, type SipSystem, startSipSystem } from '../support/sip-system.ts'

const ALICE = 'sip:alice@example.com'
const BOB = 'sip:bob@example.com'
const CAROL = 'sip:carol@example.com'

const CRM: ApplicationServer = {
  name: 'crm.example.com',
  peers: ['127.0.0.1'],
  watch: true,
  publish: true,
  decide: true,
  domains: [],
  tls: false,
}

async function startSystem(t: TestContext, rights: Partial<ApplicationServer> = {}, asks = false) {
  const options = { applicationServers: [{ ...CRM, ...rights }] }
  return await startSipSystem(t, options, asks ? 'confirm' : 'allow')
}

async function open(
  t: TestContext,
  system: Pick<SipSystem, 'port'>,
  options: Partial<LocalPresenceOptions> = {},
) {
  const lps = new LocalPresence({
    name: 'crm.example.com',
    domain: 'example.com',
    server: { host: '127.0.0.1', port: system.port('tcp') },
    retryMs: 20,
    ...options,
  })
  t.after(() => lps[Symbol.asyncDispose]())
  await lps.connected()
  return lps
}

/** Resolves as soon as a view is as wanted. */
async function seen(
  lps: LocalPresence,
  [watcher, presentity]: readonly [string, string],
  isWanted: (view: View) => boolean,
): Promise<View> {
  const { promise, resolve } = Promise.withResolvers<View>()
  const look = (view: View | undefined) => {
    const isIt = view?.watcher === watcher && view.presentity === presentity && isWanted(view)
    if (isIt) resolve(view)
  }
  using _listening = lps.onChange(look)
  look(lps.view(watcher, presentity))
  return await promise
}

const isOpen = ({ presence }: View) =>
  presence?.tuples.some(({ basic }) => basic === 'open') ?? false
const isActive = ({ state }: View) => state === 'active'

function says(system: SipSystem, name: string, activity: Activity): void {
  system.presence.report({
    presentity: requireJid(`${name}@example.com`).bare,
    source: 'test',
    observations: [
      {
        id: 'x',
        class: 'enterprise-im',
        basic: 'open',
        activity,
        manual: false,
        since: Date.now(),
      },
    ],
    until: undefined,
  })
}

describe('an application server', () => {
  test('sees each user as each other user does, by one subscription', async (t) => {
    const system = await startSystem(t)
    await system.access.put({
      presentity: requireJid('alice@example.com').bare,
      watcher: 'bob@example.com',
      level: 'All',
      enforced: false,
      refusesMessages: false,
      action: 'block',
    })
    says(system, 'alice', 'busy')
    const lps = await open(t, system)
    lps.watch(BOB, ALICE)
    lps.watch(CAROL, ALICE)
    lps.watch(ALICE, BOB)
    await seen(lps, [CAROL, ALICE], isOpen)
    const blocked = await seen(lps, [BOB, ALICE], isActive)
    assert.equal(isOpen(blocked), false)
    says(system, 'bob', 'away')
    await seen(lps, [ALICE, BOB], isOpen)
  })

  test('shares what is seen by several, and follows what comes and goes', async (t) => {
    const system = await startSystem(t)
    says(system, 'alice', 'busy')
    const lps = await open(t, system)
    const first = lps.watch(BOB, ALICE)
    const again = lps.watch(BOB, ALICE)
    const one = await seen(lps, [BOB, ALICE], isOpen)
    lps.watch(CAROL, ALICE)
    const other = await seen(lps, [CAROL, ALICE], isOpen)
    assert.deepEqual(one.presence, other.presence)
    first[Symbol.dispose]()
    assert.ok(again.view)
    again[Symbol.dispose]()
    assert.equal(lps.view(BOB, ALICE), undefined)
    says(system, 'alice', 'away')
    await seen(lps, [CAROL, ALICE], ({ presence }) => presence !== other.presence)
  })

  test('learns who is nobody, and for whom it may not watch', async (t) => {
    const system = await startSystem(t)
    const lps = await open(t, system)
    lps.watch(BOB, 'sip:nobody@example.com')
    lps.watch('sip:eve@example.org', ALICE)
    const gone = await seen(
      lps,
      [BOB, 'sip:nobody@example.com'],
      ({ state }) => state !== 'unknown',
    )
    assert.deepEqual([gone.state, gone.reason], ['terminated', 'noresource'])
    const refused = await seen(
      lps,
      ['sip:eve@example.org', ALICE],
      ({ state }) => state !== 'unknown',
    )
    assert.deepEqual([refused.state, refused.reason], ['terminated', 'rejected'])
  })

  test('publishes for a user, and takes it back', async (t) => {
    const system = await startSystem(t)
    const lps = await open(t, system)
    lps.watch(ALICE, BOB)
    const noted = (text: string) => (view: View) => view.presence?.note === text
    const publication = await lps.publish(BOB, { basic: 'open', activity: 'meeting', note: 'R 7' })
    const meeting = await seen(lps, [ALICE, BOB], noted('R 7'))
    assert.equal(meeting.presence?.person?.activities[0]?.activity, 'in-a-meeting')
    await publication.update({ basic: 'open', activity: 'on-the-phone', note: 'Call' })
    await seen(lps, [ALICE, BOB], noted('Call'))
    await publication.close()
    await seen(lps, [ALICE, BOB], (view) => !isOpen(view))
  })

  test('watches by lists, and nobody by himself', async (t) => {
    const system = await startSystem(t)
    const phone = await Phone.open(t, system, 'alice')
    assert.equal((await phone.subscribe(BOB)).status, 403)
    const asserted: [string, string] = ['P-Asserted-Identity', `<${ALICE}>`]
    assert.equal((await phone.subscribe(BOB, asserted)).status, 403)
  })

  test('publishes for whom it says that it publishes, and for nobody else', async (t) => {
    const system = await startSystem(t, { domains: ['example.com'] })
    const phone = await Phone.open(t, system, 'alice')
    const headers: [string, string][] = [
      ['Event', 'presence'],
      ['P-Asserted-Identity', `<${ALICE}>`],
      ['Content-Type', 'application/pidf+xml'],
    ]
    const body =
      '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:x@example.com"><tuple id="t"><status><basic>open</basic></status></tuple></presence>'
    assert.equal((await phone.send('PUBLISH', { uri: BOB, headers, body })).status, 403)
    assert.equal((await phone.send('PUBLISH', { uri: ALICE, headers, body })).status, 200)
  })

  test('learns who asks for a user, and decides for him', async (t) => {
    const system = await startSystem(t, {}, true)
    const lps = await open(t, system)
    const list = lps.watchersOf(ALICE)
    lps.watch(BOB, ALICE)
    await seen(lps, [BOB, ALICE], ({ state }) => state === 'pending')
    const { promise, resolve } = Promise.withResolvers<void>()
    list.onChange(({ waiting }) => {
      if (waiting.some(({ uri }) => uri === BOB)) resolve()
    })
    if (!list.waiting.some(({ uri }) => uri === BOB)) await promise
    await lps.decide(ALICE, BOB, 'allow')
    await seen(lps, [BOB, ALICE], isActive)
    assert.deepEqual(lps.decisions, [{ presentity: ALICE, watcher: BOB, decision: 'allow' }])
    await lps.decide(ALICE, BOB, 'block')
    assert.equal(lps.decisions[0]?.decision, 'block')
  })

  test('may do what it was given, and no more', async (t) => {
    const system = await startSystem(t, { publish: false, decide: false, domains: ['example.net'] })
    const lps = await open(t, system)
    const isRefused = (error: unknown) => error instanceof RequestFailed && error.status === 403
    await assert.rejects(lps.publish(BOB, { basic: 'open' }), isRefused)
    await assert.rejects(lps.decide(ALICE, BOB, 'allow'), isRefused)
    assert.deepEqual(lps.decisions, [])
    lps.watch(BOB, ALICE)
    const view = await seen(lps, [BOB, ALICE], ({ state }) => state !== 'unknown')
    assert.deepEqual([view.state, view.reason], ['terminated', 'rejected'])
  })

  test('that is unknown, or not over TLS where that is wanted, is nobody', async (t) => {
    const system = await startSystem(t, { tls: true })
    const lps = await open(t, system)
    await assert.rejects(lps.publish(BOB, { basic: 'open' }), RequestFailed)
  })
})

test('more pairs than one subscription takes are in several, and each is told', async (t) => {
  const system = await startSystem(t)
  const lps = await open(t, system)
  const presentities = Array.from({ length: MAX_PAIRS + 100 }, (_, at) => `sip:p${at}@example.com`)
  for (const presentity of presentities) lps.watch(BOB, presentity)
  lps.watch(BOB, ALICE)
  await seen(lps, [BOB, ALICE], isActive)
  for (const presentity of presentities) {
    await seen(lps, [BOB, presentity], ({ reason }) => reason === 'noresource')
  }
})

describe('a connection that breaks', () => {
  test('is opened again, and all is seen anew', async (t) => {
    const system = await startSystem(t)
    says(system, 'alice', 'busy')
    const lps = await open(t, system)
    const statuses: ConnectionStatus[] = []
    lps.onStatus((status) => statuses.push(status))
    lps.watch(BOB, ALICE)
    await seen(lps, [BOB, ALICE], isActive)
    const port = system.port('tcp')
    const again = await system.restart({ tcpPort: port })
    await seen(lps, [BOB, ALICE], ({ state }) => state === 'unknown')
    says(again, 'alice', 'away')
    await seen(lps, [BOB, ALICE], (view) => isActive(view) && isOpen(view))
    assert.ok(statuses.includes('waiting'))
    assert.equal(lps.status, 'up')
    const publication = await lps.publish(BOB, { basic: 'open' })
    await publication.close()
  })
})
