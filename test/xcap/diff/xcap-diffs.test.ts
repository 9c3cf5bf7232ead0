/** What watchers of documents are told (RFC 5874, RFC 5875). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DiffProcessing, XcapDiffState } from '../../../src/formats/xcap-diff.ts'
import { parseDocument, parseScopedDocument } from '../../../src/xml/document.ts'
import { xml } from '../../../src/xml/element.ts'
import { applyPatch } from '../../../src/xml/patch/apply-patch.ts'
import { parseOperations } from '../../../src/xml/patch/operations.ts'
import { validate } from '../../support/xmllint.ts'
import { basic, EL, jid, openRig, type XcapRig } from '../rig.ts'

const LISTS = 'resource-lists/users/sip:alice@corp.example/index'
const OTHER = 'resource-lists/users/sip:alice@corp.example/other'
const TYPE = 'application/resource-lists+xml'
const LIMITS = { maxStanzaBytes: 1_000_000, maxDepth: 64, maxAttributes: 64 }

function lists(...entries: string[]): string {
  const content = entries.map((user) => `\n  <entry uri="sip:${user}@corp.example"/>`).join('')
  return `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list name="l">${content}\n</list></resource-lists>`
}

/** One watcher. */
class Watching {
  readonly #rig: XcapRig
  readonly #wish: { readonly uris: readonly string[]; readonly processing: DiffProcessing }
  #known: XcapDiffState | undefined

  constructor(rig: XcapRig, processing: DiffProcessing, ...uris: string[]) {
    this.#rig = rig
    this.#wish = { uris, processing }
  }

  /** The changes in the next NOTIFY; '' where there is none. */
  async next(): Promise<string> {
    const { body, state } = await this.#rig.xcap.diffs.render(jid('alice'), this.#wish, this.#known)
    const isSame = this.#known?.equals(state)
    this.#known = state
    const [, changes = ''] =
      /xcap-root="https:\/\/xcap\.corp\.example\/xcap\/">([\s\S]*)<\/xd:xcap-diff>\n$/.exec(body) ??
      []
    assert.ok(!isSame || changes === '')
    validate('xcap-diff.xsd', [body])
    return changes
  }
}

function put(rig: XcapRig, path: string, body: string) {
  return rig.call('PUT', `/${path}`, { type: TYPE, body })
}

describe('RFC 5875 §4.7: the first NOTIFY', () => {
  it('refers to what is there, and shows the content of elements and attributes', async (t) => {
    const rig = await openRig(t)
    const { etag } = await put(rig, LISTS, lists('bob'))
    const entry = `${LISTS}/~~/resource-lists/list/entry`
    const watching = new Watching(
      rig,
      'aggregate',
      ...[LISTS, OTHER, entry, `${entry}/@uri`, `${entry}/none`, `${entry}/namespace::*`],
      ...['/xcap/nothing/users/x/index', 'garbage', '%ff', 'rls-services/global/index'],
      ...[
        'resource-lists/users/sip:bob@corp.example/index',
        `https://xcap.corp.example/xcap/${OTHER}`,
      ],
    )
    assert.equal(
      await watching.next(),
      `<xd:document new-etag="${etag}" sel="${LISTS}"/>` +
        `<xd:element sel="${entry}" xmlns="urn:ietf:params:xml:ns:resource-lists"><entry uri="sip:bob@corp.example"/></xd:element>` +
        `<xd:attribute sel="${entry}/@uri">sip:bob@corp.example</xd:attribute>`,
    )
    assert.equal(await watching.next(), '')
  })

  it('has what is in a collection, once, and no one else’s', async (t) => {
    const rig = await openRig(t)
    const mine = await put(rig, LISTS, lists('bob'))
    const other = await put(rig, OTHER, lists())
    await rig.call('PUT', '/resource-lists/users/sip:bob@corp.example/index', {
      type: TYPE,
      body: lists('carol'),
      as: basic('bob'),
    })
    const told = (etag = '', selector = '') => `<xd:document new-etag="${etag}" sel="${selector}"/>`
    const all = told(mine.etag, LISTS) + told(other.etag, OTHER)
    for (const collection of [
      'resource-lists/',
      'resource-lists/users/',
      'resource-lists/users/sip:alice@corp.example/',
    ]) {
      assert.equal(await new Watching(rig, 'no-patching', collection).next(), all, collection)
    }
    const named = await new Watching(rig, 'no-patching', 'resource-lists/', OTHER).next()
    assert.equal(named, told(other.etag, OTHER) + told(mine.etag, LISTS))
    for (const none of [
      'pres-rules/',
      'resource-lists/users/sip:bob@corp.example/',
      'resource-lists/global/',
    ]) {
      assert.equal(await new Watching(rig, 'no-patching', none).next(), '', none)
    }
  })
})

describe('RFC 5874 §3, figure 1: what changes', () => {
  it('is told with both entity tags, or one where a document comes or goes', async (t) => {
    const rig = await openRig(t)
    const watching = new Watching(rig, 'no-patching', OTHER)
    assert.equal(await watching.next(), '')
    const first = await put(rig, OTHER, lists())
    assert.equal(await watching.next(), `<xd:document new-etag="${first.etag}" sel="${OTHER}"/>`)
    const second = await put(rig, OTHER, lists('bob'))
    assert.equal(
      await watching.next(),
      `<xd:document new-etag="${second.etag}" sel="${OTHER}" previous-etag="${first.etag}"/>`,
    )
    await rig.call('DELETE', `/${OTHER}`)
    assert.equal(
      await watching.next(),
      `<xd:document sel="${OTHER}" previous-etag="${second.etag}"/>`,
    )
    assert.equal(await watching.next(), '')
  })

  it('is told of elements and attributes, also when they are gone', async (t) => {
    const rig = await openRig(t)
    const entry = `${OTHER}/~~/resource-lists/list/entry[1]/@uri`
    const watching = new Watching(rig, 'no-patching', entry)
    assert.equal(await watching.next(), '')
    await put(rig, OTHER, lists('bob', 'carol'))
    assert.match(await watching.next(), />sip:bob@corp.example<\/xd:attribute>$/)
    await put(rig, OTHER, lists('bob'))
    assert.equal(await watching.next(), '')
    await put(rig, OTHER, lists())
    assert.equal(await watching.next(), `<xd:attribute sel="${entry}" exists="0"/>`)
  })

  it('aggregate: one patch makes the new document of the old', async (t) => {
    const rig = await openRig(t)
    const watching = new Watching(rig, 'aggregate', OTHER)
    const first = await put(rig, OTHER, lists('bob', 'carol'))
    await watching.next()
    const at = (user: string) =>
      `/${OTHER}/~~/resource-lists/list/entry%5b@uri=%22sip:${user}@corp.example%22%5d`
    for (const user of ['dave', 'erin']) {
      await rig.call('PUT', at(user), { type: EL, body: `<entry uri="sip:${user}@corp.example"/>` })
    }
    const { etag, text } = await rig.call('GET', `/${OTHER}`)
    const told = await watching.next()
    assert.ok(
      told.startsWith(
        `<xd:document new-etag="${etag}" sel="${OTHER}" previous-etag="${first.etag}"><xd:add `,
      ),
      told,
    )
    assert.equal(applied(lists('bob', 'carol'), told), parseDocument(text, LIMITS).toString())
  })

  it('xcap-patching: a patch for each version that a client made', async (t) => {
    const rig = await openRig(t)
    const watching = new Watching(rig, 'xcap-patching', OTHER)
    const first = await put(rig, OTHER, lists('bob'))
    await watching.next()
    const second = await put(rig, OTHER, lists('bob', 'carol'))
    const third = await put(rig, OTHER, lists('bob', 'carol', 'dave'))
    const told = await watching.next()
    const tags = [...told.matchAll(/new-etag="([^"]+)" sel="[^"]+" previous-etag="([^"]+)">/g)]
    assert.deepEqual(
      tags.map(([, next, previous]) => [previous, next]),
      [
        [first.etag, second.etag],
        [second.etag, third.etag],
      ],
    )
    const steps = told.split('</xd:document>').filter((step) => step !== '')
    let text = lists('bob')
    for (const step of steps) text = applied(text, `${step}</xd:document>`)
    assert.equal(text, parseDocument(lists('bob', 'carol', 'dave'), LIMITS).toString())
    // What is not known is referred to.
    for (let count = 0; count < 20; count += 1)
      await put(rig, OTHER, lists(...Array(count).keys().map(String)))
    assert.match(
      await watching.next(),
      /^<xd:document new-etag="[^"]+" sel="[^"]+" previous-etag="[^"]+"\/>$/,
    )
  })
})

describe('RFC 5875: documents that show shared data', () => {
  it('are told of when the data change, once for each change', async (t) => {
    const rig = await openRig(t)
    const told: string[] = []
    using _watch = rig.xcap.diffs.onChange((account) => told.push(account))
    const watching = new Watching(rig, 'aggregate', LISTS, 'pres-rules/')
    await watching.next()
    await rig.contacts.put(jid('alice'), 'bob@corp.example', { groups: ['work'] })
    assert.ok(
      told.length > 0 &&
        told.every((account) => account === jid('alice') || account === jid('bob')),
    )
    assert.match(await watching.next(), /^<xd:document new-etag="[^"]+" sel="resource-lists/)
    await rig.contacts.put(jid('alice'), 'carol@corp.example', { groups: ['work'] })
    assert.match(
      await watching.next(),
      /<xd:add sel="\*\/\*\[1\]"[^>]*><entry uri='sip:carol@corp.example'\/><\/xd:add><\/xd:document>$/,
    )
    await rig.access.put({
      ...{ presentity: jid('alice'), watcher: jid('dave'), level: 'All', action: 'block' },
      ...{ enforced: false, refusesMessages: false },
    })
    assert.match(
      await watching.next(),
      /^<xd:document new-etag="[^"]+" sel="pres-rules\/users\/sip:alice@corp.example\/index"\/>$/,
    )
    told.length = 0
    await put(rig, LISTS, lists('bob', 'carol', 'dave'))
    assert.equal(told.filter((account) => account === jid('alice')).length, 1)
  })
})

/** A document with the patch of one `<document>` applied. */
function applied(from: string, change: string): string {
  const root = `<xd:x xmlns:xd="urn:ietf:params:xml:ns:xcap-diff">${change}</xd:x>`
  const { root: whole, scopes } = parseScopedDocument(root, LIMITS)
  const document = whole.child('document') ?? xml('none')
  const operations = parseOperations({ root: document, scopes })
  return applyPatch(parseDocument(from, LIMITS), operations).toString()
}
