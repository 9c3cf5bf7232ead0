import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Person, PersonState } from '../../../src/core/presence/document.ts'
import { ACTIVITIES } from '../../../src/core/presence/observation.ts'
import { xml } from '../../../src/xml/element.ts'
import {
  activityOf,
  appearanceKey,
  appearanceOf,
  overlay,
  syntheticStanza,
} from '../../../src/xmpp/presence/composed.ts'

const NS = 'jabber:client'
const STATES: readonly PersonState[] = ACTIVITIES.filter((state) => state !== 'appear-offline')
const person = (state: PersonState, note?: string): Person => ({
  state,
  note,
  location: undefined,
  since: 0,
  manual: false,
})

describe('the appearance of a composed person', () => {
  it('is that of the table in ADR 4', () => {
    const table = STATES.map((state) => {
      const appearance = appearanceOf(person(state), 'dnd')
      return appearance.kind === 'offline'
        ? [state, 'unavailable', undefined]
        : [state, appearance.show, appearance.status]
    })
    assert.deepEqual(table, [
      ['available', undefined, undefined],
      ['busy', 'dnd', 'Busy'],
      ['on-a-call', 'dnd', 'On a call'],
      ['in-a-meeting', 'dnd', 'In a meeting'],
      ['do-not-disturb', 'dnd', 'Do not disturb'],
      ['be-right-back', 'away', 'Be right back'],
      ['away', 'away', 'Away'],
      ['out-of-office', 'xa', 'Out of office'],
      ['offline', 'unavailable', undefined],
      ['unknown', 'unavailable', undefined],
    ])
  })

  it('shows busy states without dnd where that is for Do Not Disturb alone', () => {
    for (const state of ['busy', 'on-a-call', 'in-a-meeting'] as const) {
      const appearance = appearanceOf(person(state), 'none')
      assert.ok(appearance.kind === 'online' && appearance.show === undefined && appearance.status)
    }
    const dnd = appearanceOf(person('do-not-disturb'), 'none')
    assert.ok(dnd.kind === 'online' && dnd.show === 'dnd')
  })

  it('prefers the person’s own words', () => {
    const appearance = appearanceOf(person('on-a-call', 'With Ann'), 'dnd')
    assert.ok(appearance.kind === 'online' && appearance.status === 'With Ann')
  })

  it('has a key that tells appearances apart', () => {
    const keys = STATES.map((state) => appearanceKey(appearanceOf(person(state), 'dnd')))
    const [offline, unknown] = [keys[STATES.indexOf('offline')], keys[STATES.indexOf('unknown')]]
    assert.equal(offline, unknown)
    assert.equal(new Set([...keys, appearanceKey(undefined)]).size, STATES.length)
  })
})

describe('a client’s stanza under a composed state', () => {
  it('loses its own show and statuses and nothing else', () => {
    const stanza = xml(
      'presence',
      { xmlns: NS, from: 'a@b/c', id: '1' },
      xml('show', {}, 'chat'),
      xml('status', {}, 'Hi'),
      xml('status', { 'xml:lang': 'de' }, 'Hallo'),
      xml('priority', {}, '3'),
      xml('show', { xmlns: 'urn:other' }, 'mine'),
    )
    const dressed = overlay(stanza, { kind: 'online', show: 'dnd', status: 'Busy' })
    assert.equal(
      dressed.toString(NS),
      `<presence from='a@b/c' id='1'><show>dnd</show><status>Busy</status><priority>3</priority><show xmlns='urn:other'>mine</show></presence>`,
    )
    const plain = overlay(stanza, { kind: 'online', show: undefined, status: undefined })
    assert.equal(plain.child('show'), undefined)
    assert.equal(plain.child('status'), undefined)
    assert.equal(stanza.child('status')?.text(), 'Hi', 'the client’s own stays as it was')
  })
})

it('a made-up resource has no priority of its own, and so 0 (RFC 6121 §4.7.2.3)', () => {
  const away = { kind: 'online', show: 'away', status: undefined } as const
  const stanza = syntheticStanza('a@b/heliograph', away, undefined)
  assert.equal(stanza.toString(NS), `<presence from='a@b/heliograph'><show>away</show></presence>`)
})

it('what a client shows is an activity, and only dnd is surely by hand', () => {
  assert.deepEqual(
    ([undefined, 'chat', 'away', 'xa', 'dnd'] as const).map((show) => activityOf(show)),
    [
      { activity: 'available', manual: false },
      { activity: 'available', manual: false },
      { activity: 'away', manual: false },
      { activity: 'away', manual: false },
      { activity: 'do-not-disturb', manual: true },
    ],
  )
})
