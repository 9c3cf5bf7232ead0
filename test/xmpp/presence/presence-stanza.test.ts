import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Child, xml } from '../../../src/xml/element.ts'
import { StanzaError } from '../../../src/xmpp/errors.ts'
import {
  addressed,
  parseAvailability,
  presenceKind,
  sharedText,
  unavailableText,
} from '../../../src/xmpp/presence/presence-stanza.ts'

const presence = (attrs: Record<string, string>, ...children: Child[]) =>
  xml('presence', { xmlns: 'jabber:client', ...attrs }, ...children)

const badRequest = (error: unknown) =>
  error instanceof StanzaError && error.condition === 'bad-request'

describe('a presence stanza', () => {
  it('has one of the types of RFC 6121 §4.7.1', () => {
    assert.equal(presenceKind(presence({})), 'available')
    for (const type of ['unavailable', 'subscribe', 'unsubscribed', 'probe', 'error'] as const) {
      assert.equal(presenceKind(presence({ type })), type)
    }
    for (const type of ['available', 'invisible', '']) {
      assert.throws(() => presenceKind(presence({ type })), badRequest, type)
    }
  })

  it('says show, status and priority', () => {
    const stanza = presence(
      {},
      xml('status', { 'xml:lang': 'de' }, 'Weg'),
      xml('status', {}, 'Gone'),
      xml('show', {}, 'xa'),
      xml('priority', {}, ' -5\n'),
    )
    assert.deepEqual(parseAvailability(stanza), { show: 'xa', status: 'Gone', priority: -5 })
    assert.deepEqual(parseAvailability(presence({})), {
      show: undefined,
      status: undefined,
      priority: 0,
    })
    const german = presence({}, xml('status', { 'xml:lang': 'de' }, 'Weg'))
    assert.equal(parseAvailability(german).status, 'Weg')
    assert.equal(parseAvailability(presence({}, xml('status'))).status, undefined)
  })

  it('with another show or priority is refused', () => {
    for (const child of [
      xml('show', {}, 'online'),
      xml('show'),
      xml('priority', {}, '128'),
      xml('priority', {}, '-129'),
      xml('priority', {}, '1.5'),
      xml('priority'),
    ]) {
      assert.throws(() => parseAvailability(presence({}, child)), badRequest, String(child))
    }
    for (const priority of ['-128', '127', '+1']) {
      const { priority: parsed } = parseAvailability(presence({}, xml('priority', {}, priority)))
      assert.equal(parsed, Number(priority))
    }
  })

  it('is addressed to many from one text', () => {
    const text = sharedText(presence({ from: 'a@b/c', to: 'old@b' }, xml('show', {}, 'away')))
    assert.equal(text, `<presence from='a@b/c'><show>away</show></presence>`)
    assert.equal(
      addressed(text, "o'neil@b"),
      `<presence to='o&apos;neil@b' from='a@b/c'><show>away</show></presence>`,
    )
  })

  it('tells that somebody is gone, and since when where that is known', () => {
    assert.equal(unavailableText('a@b/c'), `<presence from='a@b/c' type='unavailable'/>`)
    assert.equal(
      unavailableText('a@b', { id: 'p1', since: Date.UTC(2030, 0, 1) }),
      `<presence from='a@b' id='p1' type='unavailable'><delay xmlns='urn:xmpp:delay' stamp='2030-01-01T00:00:00.000Z'/></presence>`,
    )
  })
})
