/** A document of resource lists (RFC 4826) that follows a contact list. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import { newRosterItem, type RosterItem } from '../../../src/core/presence/roster-item.ts'
import { contactGroups } from '../../../src/xcap/contacts/contact-entries.ts'
import { currentForm, freshForm, type Items } from '../../../src/xcap/contacts/contact-form.ts'
import { requireResourceLists } from '../../../src/xcap/usages/resource-lists.ts'
import { parseDocument } from '../../../src/xml/document.ts'

type Given = Readonly<Record<string, readonly [name: string, ...groups: string[]]>>

function itemsOf(given: Given): Items {
  const items = Object.entries(given).map(([local, [name, ...groups]]): RosterItem => {
    return { ...newRosterItem(jid(local)), name, groups }
  })
  return new Map(items.map((item) => [item.contact, item]))
}

function jid(local: string): BareJid {
  return requireJid(`${local}@x.example`).bare
}

/** URIs mean the account in them, whatever their scheme. */
function current(form: string, given: Given): string {
  const meanings = new Map<string, BareJid>()
  for (const { uri } of contactGroups(form).flatMap(({ entries }) => entries)) {
    const account = /^(?:sip|pres):(.*)@x\.example/.exec(uri)?.[1]
    if (account) meanings.set(uri, jid(account))
  }
  return currentForm(form, itemsOf(given), meanings)
}

const NS = 'xmlns="urn:ietf:params:xml:ns:resource-lists"'

describe('RFC 4826 §3: a contact list that nobody has put as a document', () => {
  it('is written group by group, those without one first', () => {
    assert.equal(freshForm(itemsOf({})), undefined)
    const text = freshForm(itemsOf({ bob: ['Bob', 'work', 'a&b'], ann: [''] })) ?? ''
    assert.deepEqual(
      contactGroups(text).map(({ name, entries }) => [
        name,
        ...entries.map(({ uri, displayName }) => [uri, displayName]),
      ]),
      [
        ['', ['sip:ann@x.example', undefined]],
        ['a&b', ['sip:bob@x.example', 'Bob']],
        ['work', ['sip:bob@x.example', 'Bob']],
      ],
    )
    assert.equal(current(text, { bob: ['Bob', 'work', 'a&b'], ann: [''] }), text)
  })

  it('names numbers that are nobody’s yet by tel URIs', () => {
    const item = { ...newRosterItem(jid('+4930')), awaits: '+4930' }
    assert.match(freshForm(new Map([[item.contact, item]])) ?? '', /uri='tel:\+4930'/)
  })
})

describe('RFC 4826 §3: a document that was put, and the contacts of now', () => {
  const FORM = `<?xml version="1.0"?>
<!-- mine -->
<rl:resource-lists xmlns:rl="urn:ietf:params:xml:ns:resource-lists" xmlns:b="urn:b">
  <rl:list name="work">
    <rl:entry uri="sip:bob@x.example"><rl:display-name>Bob</rl:display-name><b:more/></rl:entry>
    <rl:list name="inner"><rl:entry uri="pres:ann@x.example"/></rl:list>
  </rl:list>
  <rl:list name="oma_blocked"><rl:entry uri="sip:eve@x.example"/></rl:list>
  <rl:list><rl:entry uri='sip:cat@x.example'><rl:display-name/></rl:entry></rl:list>
  <rl:list name="empty"/>
</rl:resource-lists>`
  const SAME: Given = { bob: ['Bob', 'work'], ann: ['', 'work'], cat: [''] }

  it('stays as it is as long as they do', () => {
    assert.equal(current(FORM, SAME), FORM)
  })

  const changes: [what: string, given: Given, from: string | RegExp, to: string][] = [
    [
      'a contact is gone, with the space before him',
      { ann: ['', 'work'], cat: [''] },
      /\n {4}<rl:entry uri="sip:bob.*<b:more\/><\/rl:entry>/,
      '',
    ],
    [
      'one of a list within a list is gone',
      { bob: ['Bob', 'work'], cat: [''] },
      '<rl:entry uri="pres:ann@x.example"/>',
      '',
    ],
    ['another name', { ...SAME, bob: ['B<ob', 'work'] }, '>Bob<', '>B&lt;ob<'],
    ['no name', { ...SAME, bob: ['', 'work'] }, '<rl:display-name>Bob</rl:display-name>', ''],
    [
      'a name for one without',
      { ...SAME, ann: ['A', 'work'] },
      'ann@x.example"/>',
      'ann@x.example"><rl:display-name>A</rl:display-name></rl:entry>',
    ],
    [
      'a name where it stood empty',
      { ...SAME, cat: ['C'] },
      '<rl:display-name/>',
      '<rl:display-name>C</rl:display-name>',
    ],
    [
      'a new one in a group',
      { ...SAME, dan: ['D', 'empty'] },
      '<rl:list name="empty"/>',
      '<rl:list name="empty"><rl:entry uri="sip:dan@x.example"><rl:display-name>D</rl:display-name></rl:entry></rl:list>',
    ],
    [
      'a new one in new groups',
      { ...SAME, dan: ['', 'p', 'q'] },
      '</rl:resource-lists>',
      '<rl:list name="p"><rl:entry uri="sip:dan@x.example"/></rl:list><rl:list name="q"><rl:entry uri="sip:dan@x.example"/></rl:list></rl:resource-lists>',
    ],
    [
      'a list whose last one is gone goes with him',
      { bob: ['Bob', 'work'], ann: ['', 'work'] },
      /\n {2}<rl:list><rl:entry.*<\/rl:list>/,
      '',
    ],
  ]
  for (const [what, given, from, to] of changes) {
    it(what, () => {
      const expected = FORM.replace(from, () => to)
      assert.notEqual(expected, FORM)
      assert.equal(current(FORM, given), expected)
    })
  }

  it('shows each contact where he is, whatever was put and whatever changed', () => {
    const name = fc.constantFrom('', 'Ann', 'B & b')
    const group = fc.constantFrom('g', 'h', 'work', 'i<')
    const given = fc
      .dictionary(
        fc.constantFrom('ann', 'bob', 'cat', 'dan'),
        fc.tuple(name, fc.uniqueArray(group, { maxLength: 3 })),
      )
      .map(
        (all): Given =>
          Object.fromEntries(
            Object.entries(all).map(([local, [text, groups]]) => [local, [text, ...groups]]),
          ),
      )
    const form = given.map((all) => freshForm(itemsOf(all)) ?? `<resource-lists ${NS}/>`)
    fc.assert(
      fc.property(fc.oneof(form, fc.constant(FORM)), given, (text, now) => {
        const next = current(text, now)
        requireResourceLists(
          parseDocument(next, { maxStanzaBytes: 100_000, maxDepth: 16, maxAttributes: 16 }),
        )
        const shown = contactGroups(next).flatMap((one) =>
          one.entries.map(({ uri }) => `${one.name} ${uri.replace('pres:', 'sip:')}`),
        )
        const wanted = Object.entries(now).flatMap(([local, [, ...groups]]) =>
          (groups.length === 0 ? [''] : groups).map((one) => `${one} sip:${local}@x.example`),
        )
        assert.deepEqual(shown.sort(), wanted.sort())
        assert.equal(current(next, now), next)
      }),
      { numRuns: 300 },
    )
  })
})
