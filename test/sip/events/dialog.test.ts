/** The `dialog` event package (RFC 4235). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVERYTHING, NOTHING, Visibility } from '../../../src/core/presence/access/access.ts'
import {
  DIALOG_INFO,
  type DialogInfo,
  NS_DIALOG_INFO,
  parseDialogInfo,
} from '../../../src/formats/dialog-info.ts'
import { SipError } from '../../../src/sip/errors.ts'
import { dialogPackage } from '../../../src/sip/events/dialog.ts'
import type { DialogDetails } from '../../../src/sip/events/dialogs/dialog-view.ts'
import type { PublishedState, State } from '../../../src/sip/events/event-package.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ALICE, BOB, eventDeps } from './support.ts'

const ENTITY = 'sip:alice@example.com'
const FULL_CALL =
  '<dialog id="d1" call-id="c1" local-tag="lt" remote-tag="rt" direction="initiator">' +
  '<state>confirmed</state><duration>10</duration>' +
  '<local><identity>sip:alice@example.com</identity><session-description type="application/sdp">v=0</session-description></local>' +
  '<remote><identity>sip:carol@example.org</identity></remote></dialog>'

function dialog(id: string, state: string, rest = ''): string {
  return `<dialog id="${id}"${rest}><state>${state}</state></dialog>`
}

interface Options {
  details?: DialogDetails
  single?: boolean
  params?: readonly (readonly [string, string])[]
}

function setUp({ details = 'busy', single = false, params }: Options = {}) {
  const clock = new FakeClock()
  const events = eventDeps({ clock })
  const deps = { ...events, dialogs: { ...events.dialogs, details, single } }
  const asked = params && { params: new Map(params), bodies: [] }
  const watcher = (account: typeof ALICE) => ({
    presentity: ALICE,
    watcher: { address: account, account, protocol: 'sip' as const },
    entity: ENTITY,
    asked,
  })
  const state = (body: string, id: string): PublishedState => ({
    id,
    presentity: ALICE,
    contentType: DIALOG_INFO,
    body: Buffer.from(body),
    publishedAt: clock.now(),
    expiresAt: clock.now() + 60_000,
  })
  const publish = (dialogs: string, id = 'p1') => {
    const body = `<dialog-info xmlns="${NS_DIALOG_INFO}" version="0" state="full" entity="${ENTITY}">${dialogs}</dialog-info>`
    const published = state(body, id)
    dialogPackage.publication.prepare(deps, published)()
    return published
  }
  /** What a watcher reads, one document after the other. */
  const reader = (account: typeof ALICE, visible: Visibility = EVERYTHING) => {
    let version = 0
    let known: State | undefined
    return (): DialogInfo => {
      const viewing = { contentType: DIALOG_INFO, visible, version, since: 0, known }
      const rendered = dialogPackage.render(deps, watcher(account), viewing)
      known = rendered.state
      version += 1
      return parseDialogInfo(rendered.body)
    }
  }
  return { clock, deps, watcher, publish, reader, state }
}

const idsOf = ({ dialogs }: DialogInfo) => dialogs.map(({ id, state }) => [id, state])

describe('the user himself (RFC 4235 §3.6)', () => {
  it('sees all of his dialogs, without session descriptions (§4.1.6.3)', () => {
    const { publish, reader } = setUp()
    publish(FULL_CALL)
    const [call] = reader(ALICE)().dialogs
    assert.equal(call?.callId, 'c1')
    assert.equal(call?.remote?.identities[0]?.uri, 'sip:carol@example.org')
    assert.equal(call?.local?.sessionDescription, undefined)
  })

  it('sees session descriptions where he asks for them (§3.2)', () => {
    const { publish, reader } = setUp({ params: [['include-session-description', '']] })
    publish(FULL_CALL)
    assert.equal(reader(ALICE)().dialogs[0]?.local?.sessionDescription?.text, 'v=0')
  })

  it('may ask for one dialog, or those of one INVITE (§3.2)', () => {
    const calls =
      dialog('1', 'early', ' call-id="c1" local-tag="l" remote-tag="a"') +
      dialog('2', 'early', ' call-id="c1" local-tag="l" remote-tag="b"') +
      dialog('3', 'early', ' call-id="c2" local-tag="l"')
    const both = [
      ['call-id', 'c1'],
      ['to-tag', 'l'],
    ] as const
    const forked = setUp({ params: both })
    forked.publish(calls)
    assert.deepEqual(idsOf(forked.reader(ALICE)()), [
      ['1', 'early'],
      ['2', 'early'],
    ])
    const one = setUp({ params: [...both, ['from-tag', 'b']] })
    one.publish(calls)
    assert.deepEqual(idsOf(one.reader(ALICE)()), [['2', 'early']])
  })
})

describe('who watches certain dialogs (RFC 4235 §3.4)', () => {
  it('watches no longer than they last', () => {
    const { deps, publish, watcher } = setUp({ params: [['call-id', 'c1']] })
    const render = (known: State | undefined) =>
      dialogPackage.render(deps, watcher(ALICE), {
        ...{ contentType: DIALOG_INFO, visible: EVERYTHING, version: 0, since: 0, known },
      })
    const before = render(undefined)
    assert.equal(before.ends, undefined)
    publish(FULL_CALL)
    const during = render(before.state)
    assert.equal(during.ends, undefined)
    publish(dialog('d1', 'terminated', ' call-id="c1"') + dialog('d2', 'early'))
    const after = render(during.state)
    assert.equal(after.ends, 'noresource')
    assert.deepEqual(idsOf(parseDialogInfo(after.body)), [['d1', 'terminated']])
  })

  it('is told of all, also of those that he is a party to; nobody else is (§3.3)', () => {
    const target = 'sip:bob@192.0.2.10;transport=tcp'
    const calls =
      `<dialog id="1" call-id="c1"><state>early</state><remote><target uri="${target}"/></remote></dialog>` +
      dialog('2', 'early')
    const { deps, publish, watcher } = setUp({ details: 'all' })
    publish(calls)
    const seen = (to: string | undefined, params?: [string, string][]) => {
      const asked = params && { params: new Map(params), bodies: [] }
      const rendered = dialogPackage.render(
        deps,
        { ...watcher(BOB), target: to, asked },
        {
          ...{ contentType: DIALOG_INFO, visible: EVERYTHING, version: 0, since: 0 },
          known: undefined,
        },
      )
      return parseDialogInfo(rendered.body).dialogs.map(({ id }) => id)
    }
    assert.deepEqual(seen('SIP:bob@192.0.2.10;transport=TCP'), ['2'])
    assert.deepEqual(seen('sip:bob@192.0.2.11;transport=tcp'), ['1', '2'])
    assert.deepEqual(seen(undefined), ['1', '2'])
    assert.deepEqual(seen(target, [['call-id', 'c1']]), ['1'])
  })
})

describe('another watcher (RFC 4235 §3.7.2)', () => {
  it('sees that there is a call, and nothing of it', () => {
    const { publish, reader } = setUp()
    publish(dialog('1', 'early') + FULL_CALL)
    const { dialogs } = reader(BOB)()
    assert.deepEqual(dialogs.length, 1)
    assert.equal(dialogs[0]?.state, 'confirmed')
    assert.equal(dialogs[0]?.callId, undefined)
    assert.equal(dialogs[0]?.remote, undefined)
  })

  it('sees a call in every state where nothing else is configured, its state where it is', () => {
    const seen = (details: DialogDetails, ...states: string[]) => {
      const { publish, reader } = setUp({ details })
      publish(states.map((state, at) => dialog(String(at), state)).join(''))
      return reader(BOB)().dialogs.map(({ state }) => state)
    }
    assert.deepEqual(seen('busy', 'trying'), ['confirmed'])
    assert.deepEqual(seen('busy', 'terminated'), [])
    assert.deepEqual(seen('state', 'trying', 'early', 'terminated', 'proceeding'), ['early'])
    assert.deepEqual(seen('state', 'confirmed', 'early'), ['confirmed'])
    assert.deepEqual(seen('all', 'trying', 'early'), ['trying', 'early'])
  })

  it('sees everything but session descriptions where the operator wants it so', () => {
    const params = [['include-session-description', '']] as const
    const { publish, reader } = setUp({ details: 'all', params })
    publish(FULL_CALL)
    const [call] = reader(BOB)().dialogs
    assert.equal(call?.remote?.identities[0]?.uri, 'sip:carol@example.org')
    assert.equal(call?.local?.sessionDescription, undefined)
  })

  it('sees nothing where he may not see the phone', () => {
    const { publish, reader } = setUp({ details: 'all' })
    publish(FULL_CALL)
    assert.deepEqual(reader(BOB, NOTHING)().dialogs, [])
    assert.deepEqual(reader(BOB, new Visibility('im', ['enterprise-im'], false))().dialogs, [])
    assert.equal(reader(BOB, new Visibility('phone', ['phone'], false))().dialogs.length, 1)
  })

  it('may not ask for one dialog unless he may see which there are', async () => {
    const params = [['call-id', 'c1']] as const
    const refused = (status: number) => (error: unknown) =>
      error instanceof SipError && error.status === status
    const { deps, watcher } = setUp({ params })
    assert.throws(() => dialogPackage.authorize(deps, watcher(BOB)), refused(403))
    assert.equal((await dialogPackage.authorize(deps, watcher(ALICE))).decision, 'allow')
    const open = setUp({ params, details: 'all' })
    assert.equal((await dialogPackage.authorize(open.deps, open.watcher(BOB))).decision, 'allow')
    const tags = setUp({ params: [['to-tag', 'x']] })
    assert.throws(() => dialogPackage.authorize(tags.deps, tags.watcher(ALICE)), refused(400))
  })
})

describe('documents that follow the first (RFC 4235 §3.3, §4.3)', () => {
  it('tell what is new, what is different and what has ended', () => {
    const { publish, reader } = setUp()
    const read = reader(ALICE)
    publish(dialog('1', 'early') + dialog('2', 'confirmed'))
    assert.deepEqual(
      [read()].map(({ version, state, entity, dialogs }) => [
        version,
        state,
        entity,
        dialogs.length,
      ]),
      [[0, 'full', ENTITY, 2]],
    )
    publish(dialog('1', 'confirmed') + dialog('2', 'confirmed') + dialog('3', 'trying'))
    const second = read()
    assert.deepEqual([second.version, second.state], [1, 'partial'])
    assert.deepEqual(idsOf(second), [
      ['1', 'confirmed'],
      ['3', 'trying'],
    ])
    publish(
      '<dialog id="1"><state event="remote-bye">terminated</state></dialog>' +
        dialog('3', 'trying'),
    )
    const third = read()
    assert.deepEqual(idsOf(third), [
      ['1', 'terminated'],
      ['2', 'terminated'],
    ])
    assert.equal(third.dialogs[0]?.event, 'remote-bye')
  })

  it('are full where they have no dialog (§3.3), and where a phone cannot bear several', () => {
    const { publish, reader } = setUp()
    publish(dialog('1', 'early'))
    const read = reader(ALICE)
    read()
    assert.deepEqual([read().state, read().dialogs.length], ['full', 1])
    const old = setUp({ single: true })
    old.publish(dialog('1', 'early') + dialog('2', 'confirmed'))
    const readOld = old.reader(ALICE)
    assert.deepEqual(idsOf(readOld()), [['2', 'confirmed']])
    old.publish(dialog('1', 'early'))
    const next = readOld()
    assert.deepEqual([next.state, ...idsOf(next)], ['full', ['1', 'early']])
  })

  it('are not sent for a publication that is only refreshed; a duration grows by itself (§4.1.3)', () => {
    const { clock, deps, publish, watcher } = setUp()
    const render = () =>
      dialogPackage.render(deps, watcher(ALICE), {
        contentType: DIALOG_INFO,
        visible: EVERYTHING,
        version: 0,
        since: 0,
        known: undefined,
      })
    const before = render()
    publish(FULL_CALL)
    const first = render()
    clock.advance(5_000)
    const later = render()
    assert.equal(parseDialogInfo(later.body).dialogs[0]?.duration, 15)
    publish(FULL_CALL)
    assert.ok(first.state.equals(render().state))
    assert.ok(!before.state.equals(first.state))
  })
})

describe('a publication of dialogs (RFC 3903, RFC 4235 §4.3)', () => {
  it('that is partial changes what it names, and leaves the rest', () => {
    const { state } = setUp()
    const document = (attributes: string, dialogs: string) =>
      `<dialog-info xmlns="${NS_DIALOG_INFO}" ${attributes} entity="${ENTITY}">${dialogs}</dialog-info>`
    const remote = '<remote><identity>sip:carol@example.org</identity></remote>'
    const before = state(
      document(
        'version="3" state="full"',
        `<dialog id="1"><state>early</state>${remote}</dialog>${dialog('2', 'early')}`,
      ),
      'p1',
    )
    const merge = (text: string) => {
      const published = { contentType: DIALOG_INFO, body: Buffer.from(text) }
      return parseDialogInfo(dialogPackage.publication.merge(before, published).body)
    }
    const merged = merge(
      document(
        'version="4" state="partial"',
        `<dialog id="1"><state>confirmed</state><remote/></dialog>${dialog('3', 'trying')}`,
      ),
    )
    assert.deepEqual(idsOf(merged), [
      ['1', 'confirmed'],
      ['2', 'early'],
      ['3', 'trying'],
    ])
    assert.equal(merged.dialogs[0]?.remote?.identities[0]?.uri, 'sip:carol@example.org')
    assert.deepEqual([merged.version, merged.state], [4, 'full'])
    const old = merge(document('version="2" state="partial"', dialog('1', 'terminated')))
    assert.deepEqual(idsOf(old), [
      ['1', 'early'],
      ['2', 'early'],
    ])
    assert.deepEqual(idsOf(merge(document('version="9" state="full"', ''))), [])
  })

  it('ends with it, and what cannot be read is refused', () => {
    const { deps, publish, reader, state } = setUp()
    const published = publish(dialog('1', 'confirmed'))
    assert.equal(deps.presence.document(ALICE).person.state, 'on-a-call')
    dialogPackage.publication.withdraw(deps, published)
    assert.equal(deps.presence.document(ALICE).person.state, 'offline')
    assert.deepEqual(reader(ALICE)().dialogs, [])
    const refusedWith = (status: number) => (error: unknown) =>
      error instanceof SipError && error.status === status
    const prepare = (text: string) => dialogPackage.publication.prepare(deps, state(text, 'p2'))
    assert.throws(() => prepare('<dialog-info'), refusedWith(400))
    assert.throws(() => prepare(`<a>${' '.repeat(70_000)}</a>`), refusedWith(413))
  })
})
