/** RFC 4826 §3, RFC 5363 §6, RFC 5364. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type ListMember,
  MAX_LIST_MEMBERS,
  parseResourceLists,
  type ResourceList,
  ResourceListsError,
  renderResourceLists,
  requireUniqueMembers,
} from '../../src/formats/resource-lists.ts'
import { validate } from '../support/xmllint.ts'

/** The document of RFC 4826 §3.3. */
const EXAMPLE = `<?xml version="1.0" encoding="UTF-8"?>
<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">
 <list name="friends">
  <entry uri="sip:bill@example.com"><display-name>Bill Doe</display-name></entry>
  <entry-ref ref="resource-lists/users/sip:bill@example.com/index/~~/resource-lists/list%5b@name=%22list1%22%5d/entry%5b@uri=%22sip:petri@example.com%22%5d"/>
  <list name="close-friends">
   <display-name>Close Friends</display-name>
   <entry uri="sip:joe@example.com"><display-name>Joe Smith</display-name></entry>
   <external anchor="http://xcap.example.org/resource-lists/users/sip:a@example.org/index/~~/resource-lists/list%5b@name=%22mkting%22%5d"><display-name>Marketing</display-name></external>
  </list>
 </list>
</resource-lists>`

/** With the prototype of what is parsed. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true })
}

const words = fc.string({
  unit: fc.constantFrom('a', 'Z', '&', '<', '"', ' é', '語'),
  minLength: 1,
})
const texts = words.map((text) => text.trim() || 'x')
const uris = fc.stringMatching(/^sip:[a-z0-9&'().=+$,;]{1,20}@example\.(com|org)$/)
const displayName = fc.option(texts, { nil: undefined })
const members: fc.Memo<ListMember> = fc.memo((depth) =>
  fc.oneof(
    record({
      kind: fc.constant('entry' as const),
      uri: uris,
      displayName,
      watcher: fc.option(uris, { nil: undefined }),
    }),
    record({ kind: fc.constant('entry-ref' as const), ref: uris, displayName }),
    record({ kind: fc.constant('external' as const), anchor: uris, displayName }),
    ...(depth > 1 ? [lists(depth - 1)] : []),
  ),
)
const lists: fc.Memo<ResourceList> = fc.memo((depth) =>
  record({
    kind: fc.constant('list' as const),
    name: fc.option(texts, { nil: undefined }),
    displayName,
    members: fc.array(members(depth), { maxLength: 5 }),
  }),
)

function refuses(text: string, kind: ResourceListsError['kind']): void {
  assert.throws(
    () => parseResourceLists(text),
    (error) => error instanceof ResourceListsError && error.kind === kind,
  )
}

function inList(content: string): string {
  return `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list>${content}</list></resource-lists>`
}

describe('a resource lists document (RFC 4826 §3)', () => {
  it('is read with its lists, entries and references, in their order', () => {
    const [friends] = parseResourceLists(EXAMPLE)
    assert.equal(friends?.name, 'friends')
    const [bill, petri, close] = friends?.members ?? []
    assert.deepEqual(bill, {
      kind: 'entry',
      uri: 'sip:bill@example.com',
      displayName: 'Bill Doe',
      watcher: undefined,
    })
    assert.equal(petri?.kind, 'entry-ref')
    assert.ok(close?.kind === 'list')
    assert.equal(close.displayName, 'Close Friends')
    assert.equal(close.members[1]?.kind, 'external')
    assert.equal(close.members[1]?.displayName, 'Marketing')
  })

  it('is written as it was read, and as the schema of §3.2 wants it', () => {
    const samples = fc.sample(fc.array(lists(3), { maxLength: 3 }), { numRuns: 60, seed: 4826 })
    validate('resource-lists.xsd', [EXAMPLE, ...samples.map(renderResourceLists)])
    for (const sample of samples) {
      assert.deepEqual(parseResourceLists(renderResourceLists(sample)), sample)
    }
    assert.throws(() => validate('resource-lists.xsd', [inList('<entry/>')]), /uri/)
  })

  it('of a request says nothing by copyControl (RFC 5364), nor by what nobody knows', () => {
    const text = inList(
      '<entry uri="sip:bill@example.com" xmlns:cp="urn:ietf:params:xml:ns:copycontrol" cp:copyControl="to" cp:anonymize="true"><x xmlns="urn:x"/></entry><y xmlns="urn:y"/><z/>',
    )
    assert.deepEqual(parseResourceLists(text)[0]?.members, [
      { kind: 'entry', uri: 'sip:bill@example.com', displayName: undefined, watcher: undefined },
    ])
  })

  it('may name the watcher of an entry, in the namespace of Heliograph', () => {
    const text = inList(
      '<entry uri="sip:bill@example.com" xmlns:h="urn:heliograph:application" h:watcher="sip:joe@example.com"/>',
    )
    const [entry] = parseResourceLists(text)[0]?.members ?? []
    assert.ok(entry?.kind === 'entry')
    assert.equal(entry.watcher, 'sip:joe@example.com')
  })

  it('is refused where it is none', () => {
    refuses('<resource-lists', 'not-well-formed')
    refuses('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'not-well-formed')
    refuses('<list xmlns="urn:ietf:params:xml:ns:resource-lists"/>', 'invalid')
    refuses(inList('<entry/>'), 'invalid')
    refuses(inList('<entry-ref/>'), 'invalid')
    refuses(inList('<external anchor=" "/>'), 'invalid')
  })

  it('is refused where it has more members, bytes or levels than the limits', () => {
    const entry = '<entry uri="sip:b@x"/>'
    const most = parseResourceLists(inList(entry.repeat(MAX_LIST_MEMBERS - 1)))
    assert.equal(most[0]?.members.length, MAX_LIST_MEMBERS - 1)
    refuses(inList(entry.repeat(MAX_LIST_MEMBERS)), 'too-large')
    refuses(inList('<list/>'.repeat(MAX_LIST_MEMBERS)), 'too-large')
    refuses(inList(' '.repeat(1_048_577)), 'too-large')
    refuses(inList(`${'<list>'.repeat(20)}${'</list>'.repeat(20)}`), 'too-large')
  })
})

describe('members of one parent (RFC 4826 §3.1)', () => {
  const check = (content: string) => requireUniqueMembers(parseResourceLists(inList(content)))

  it('have names and URIs that differ, at every depth', () => {
    const refused = (content: string) =>
      assert.throws(
        () => check(content),
        (error) => error instanceof ResourceListsError && error.kind === 'not-unique',
      )
    refused('<list name="a"/><list name="a"/>')
    refused('<entry uri="sip:a@x"/><entry uri="sip:a@x"/>')
    refused('<list><entry-ref ref="r"/><entry-ref ref="r"/></list>')
    refused('<external anchor="http://x"/><external anchor="http://x"/>')
  })

  it('are of kinds of their own, and compared with their case', () => {
    check('<list name="a"/><list name="A"/><list/><list/>')
    check('<entry uri="sip:a@x"/><list><entry uri="sip:a@x"/></list><entry uri="sip:A@x"/>')
  })
})
