/** Partial presence over real sockets: RFC 5263 (NOTIFY) and RFC 5264 (PUBLISH). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePidfDiff } from '../../src/formats/pidf-diff.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts'
import { parseDocument } from '../../src/xml/document.ts'
import type { Element } from '../../src/xml/element.ts'
import { applyPatch } from '../../src/xml/patch/apply-patch.ts'
import { Phone, type PhoneRequest, startSipSystem } from '../support/sip-system.ts'

const BOB = 'sip:bob@example.com'
const PARTIAL = 'application/pidf-diff+xml'
const ACCEPT: [string, string] = ['Accept', `application/pidf+xml;q=0.3, ${PARTIAL};q=1`]
const NAMESPACES =
  'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:p="urn:ietf:params:xml:ns:pidf-diff"' +
  ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"'

const tuple = (id: string) =>
  `<tuple id="${id}"><status><basic>open</basic></status><r:relationship><r:self/></r:relationship><contact>sip:${id}@example.com</contact></tuple>`
const full = `<p:pidf-full ${NAMESPACES} entity="${BOB}">${['a', 'b', 'c', 'd'].map(tuple).join('')}<d:person id="p"/></p:pidf-full>`
const change = (operation: string) =>
  `<p:pidf-diff ${NAMESPACES} entity="${BOB}">${operation}</p:pidf-diff>`

function publication(body: string, etag?: string | undefined): PhoneRequest {
  return {
    uri: BOB,
    headers: [
      ['Event', 'presence'],
      ['Content-Type', PARTIAL],
      ...(etag === undefined ? [] : [['SIP-If-Match', etag] as const]),
    ],
    body,
  }
}

const etagOf = (response: SipResponse) => response.headers.get('SIP-ETag')

/** A watcher as RFC 5263 §4.5 has him. */
class LocalCopy {
  presence: Element | undefined
  version = 0
  readonly kinds: string[] = []

  take({ body }: SipRequest): this {
    const partial = parsePidfDiff(body)
    const version = Number(parseDocument(body, LIMITS).attr('version'))
    this.kinds.push(`${partial.kind} ${version}`)
    assert.ok(version > this.version)
    this.version = version
    if (partial.kind === 'full') this.presence = partial.presence
    else {
      assert.ok(this.presence, 'a difference came first')
      this.presence = applyPatch(this.presence, partial.operations)
    }
    return this
  }
}

const LIMITS = { maxStanzaBytes: 65_536, maxDepth: 24, maxAttributes: 64 }
const content = (presence: Element | undefined) => presence?.children.map(String).join('')

for (const transport of ['udp', 'tcp'] as const) {
  describe(`over ${transport}`, () => {
    test('what changes is told as what changes, and adds up to the whole', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      const copy = new LocalCopy()
      assert.equal((await alice.subscribe(BOB, ACCEPT)).status, 200)
      const first = await alice.got('NOTIFY')
      assert.equal(first.headers.get('Content-Type'), PARTIAL)
      copy.take(first)

      const published = await bob.send('PUBLISH', publication(full))
      assert.equal(published.status, 200)
      copy.take(await alice.got('NOTIFY', ({ body }) => body.includes('sip:d@example.com')))

      const busy = change('<p:add sel="*/d:person"><r:activities><r:busy/></r:activities></p:add>')
      const modified = await bob.send('PUBLISH', publication(busy, etagOf(published)))
      assert.equal(modified.status, 200)
      const busyNotify = await alice.got('NOTIFY', ({ body }) => body.includes('busy'))
      copy.take(busyNotify)
      assert.ok(!busyNotify.body.includes('sip:d@example.com'))

      const gone = change('<p:remove sel="*/tuple[@id=\'b\']"/>')
      assert.equal((await bob.send('PUBLISH', publication(gone, etagOf(modified)))).status, 200)
      copy.take(await alice.got('NOTIFY', ({ body }) => body.includes('<p:remove')))
      assert.deepEqual(copy.kinds, ['full 1', 'full 2', 'diff 3', 'diff 4'])

      const other = await Phone.open(t, system, 'carol', transport)
      await other.subscribe(BOB)
      const whole = await other.got('NOTIFY')
      assert.equal(content(copy.presence), content(parseDocument(whole.body, LIMITS)))
      assert.equal(copy.presence?.attr('entity'), BOB)
    })

    test('after a refresh, and after a NOTIFY that failed, it is told in full', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      const published = await bob.send('PUBLISH', publication(full))
      const init = { uri: BOB, headers: [['Event', 'presence'], ACCEPT] as [string, string][] }
      const dialog = { ...init, callId: 'partial-1', fromTag: 'alice-1' }
      const opened = await alice.send('SUBSCRIBE', dialog)
      await alice.got('NOTIFY', ({ body }) => body.includes('version="1"'))
      const to = opened.headers.get('To') ?? ''
      assert.equal((await alice.send('SUBSCRIBE', { ...dialog, to })).status, 200)
      const again = await alice.got('NOTIFY', ({ body }) => body.includes('version="2"'))
      assert.ok(again.body.includes('<p:pidf-full'))

      const busy = change('<p:add sel="*/d:person"><r:activities><r:busy/></r:activities></p:add>')
      await bob.send('PUBLISH', publication(busy, etagOf(published)))
      const told = await alice.got('NOTIFY', ({ body }) => body.includes('version="3"'))
      assert.ok(told.body.includes('<p:pidf-diff'))
    })
  })
}
