/** Presence without an expiry (RFC 4827). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jid, openRig, type XcapRig } from '../rig.ts'

const DOC = '/pidf-manipulation/users/sip:alice@corp.example/index'
const TYPE = 'application/pidf+xml'

function pidf(activity: string): string {
  return `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:alice@corp.example"><tuple id="t1"><status><basic>open</basic></status></tuple><dm:person id="p1"><rpid:activities><rpid:${activity}/></rpid:activities><dm:note>by XCAP</dm:note></dm:person></presence>`
}

function stateOf({ presence }: XcapRig): string {
  const { person } = presence.document(jid('alice'))
  return `${person.state} ${person.note ?? ''}`.trim()
}

test('RFC 4827: hard state is there when nobody else says anything, and for as long as it is put', async (t) => {
  const rig = await openRig(t)
  const put = await rig.call('PUT', DOC, { type: TYPE, body: pidf('busy') })
  assert.equal(put.status, 201, put.text)
  assert.equal(stateOf(rig), 'busy by XCAP')
  const observation = {
    id: 'x',
    class: 'phone',
    basic: 'open',
    activity: 'available',
    manual: false,
    since: rig.clock.now(),
  } as const
  const phone = {
    presentity: jid('alice'),
    source: 'sip/1',
    observations: [observation],
    until: undefined,
  }
  rig.presence.report(phone)
  assert.equal(stateOf(rig), 'available')
  rig.clock.advance(90 * 86_400_000)
  rig.presence.withdraw(jid('alice'), 'sip/1')
  assert.equal(stateOf(rig), 'busy by XCAP')
  rig.presence.withdraw(jid('alice'), 'xcap/pidf-manipulation')
  assert.equal(stateOf(rig), 'offline')
  // A restart.
  await rig.xcap.documents.restore()
  assert.equal(stateOf(rig), 'busy by XCAP')
  const note = `${DOC}/~~/presence/dm:person/dm:note?xmlns(dm=urn:ietf:params:xml:ns:pidf:data-model)`
  const changed = await rig.call('PUT', note, {
    type: 'application/xcap-el+xml',
    body: '<dm:note>other</dm:note>',
  })
  assert.equal(changed.status, 200, changed.text)
  assert.equal(stateOf(rig), 'busy other')
  assert.equal((await rig.call('DELETE', DOC)).status, 200)
  assert.equal(stateOf(rig), 'offline')
})

test('RFC 4827: who is removed is nowhere any more', async (t) => {
  const rig = await openRig(t)
  await rig.call('PUT', DOC, { type: TYPE, body: pidf('busy') })
  await rig.directory.removeUser(jid('alice'))
  assert.equal(stateOf(rig), 'offline')
  await rig.directory.addUser({ account: jid('alice'), password: 'alice' })
  assert.equal((await rig.call('GET', DOC)).status, 404)
})

test('RFC 4827 §9: there is one document, and it is PIDF', async (t) => {
  const rig = await openRig(t)
  const other = await rig.call('PUT', DOC.replace('index', 'other'), {
    type: TYPE,
    body: pidf('busy'),
  })
  assert.match(other.text, /constraint-failure/)
  const wrong = await rig.call('PUT', DOC, { type: TYPE, body: '<presence/>' })
  assert.match(wrong.text, /schema-validation-error/)
  const long = pidf('busy').replace('<tuple', `${'<tuple id="x"/>'.repeat(100)}<tuple`)
  assert.match(
    (await rig.call('PUT', DOC, { type: TYPE, body: long })).text,
    /schema-validation-error/,
  )
})
