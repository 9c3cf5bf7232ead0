/** The `xcap-diff` package (RFC 5875), without the documents. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { EVERYTHING } from '../../../src/core/presence/access/access.ts'
import { type DiffProcessing, XcapDiffState } from '../../../src/formats/xcap-diff.ts'
import { SipError } from '../../../src/sip/errors.ts'
import type { Asked } from '../../../src/sip/events/asked.ts'
import type { EventDeps, State, Subject } from '../../../src/sip/events/event-package.ts'
import { xcapDiffPackage } from '../../../src/sip/events/xcap-diff.ts'
import { ALICE, BOB, eventDeps } from './support.ts'

interface Call {
  readonly account: BareJid
  readonly uris: readonly string[]
  readonly processing: DiffProcessing
  readonly known: XcapDiffState | undefined
}

class Source {
  readonly calls: Call[] = []
  listener: ((account: BareJid) => void) | undefined

  async render(
    account: BareJid,
    wish: Pick<Call, 'uris' | 'processing'>,
    known: XcapDiffState | undefined,
  ) {
    this.calls.push({ account, ...wish, known })
    return { body: '<diff/>', state: new XcapDiffState(new Map()) }
  }

  onChange(listener: (account: BareJid) => void): Disposable {
    this.listener = listener
    return {
      [Symbol.dispose]: () => {
        this.listener = undefined
      },
    }
  }
}

function depsWith(xcapDiffs: Source | undefined): EventDeps {
  return { ...eventDeps(), xcapDiffs }
}

function subject(watcher: BareJid | undefined, asked?: Asked): Subject {
  const address = watcher ?? 'sip:stranger@elsewhere.example'
  const protocol = 'sip'
  return {
    presentity: ALICE,
    watcher: { address, account: watcher, protocol },
    entity: 'sip:alice@example.com',
    asked,
  }
}

function askedFor(content: string, params: readonly [string, string][] = []): Asked {
  const contentType = 'application/resource-lists+xml'
  const body = { contentType, disposition: undefined, content: Buffer.from(content) }
  return { params: new Map(params), bodies: [body] }
}

function list(...uris: string[]): string {
  const entries = uris.map((uri) => `<entry uri="${uri}"/>`).join('')
  return `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list>${entries}</list></resource-lists>`
}

function render(source: Source, asked: Asked | undefined, known?: State) {
  const viewing = {
    contentType: 'application/xcap-diff+xml',
    visible: EVERYTHING,
    version: 0,
    since: 0,
    known,
  }
  return xcapDiffPackage.render(depsWith(source), subject(ALICE, asked), viewing)
}

describe('RFC 5875: the xcap-diff package', () => {
  it('is for a user and his own documents (§7)', () => {
    const deps = depsWith(new Source())
    assert.deepEqual(xcapDiffPackage.authorize(deps, subject(ALICE)), {
      decision: 'allow',
      visible: EVERYTHING,
      asks: false,
    })
    for (const watcher of [BOB, undefined]) {
      assert.throws(() => xcapDiffPackage.authorize(deps, subject(watcher)), { status: 403 })
    }
    assert.throws(() => xcapDiffPackage.authorize(depsWith(undefined), subject(ALICE)), {
      status: 403,
    })
  })

  it('asks for what the list names, as the Event header wants it (§4.3, §4.4)', async () => {
    const source = new Source()
    await render(source, askedFor(list('a/', 'b'), [['diff-processing', 'XCAP-Patching']]))
    await render(source, askedFor(list('c'), [['diff-processing', 'something-new']]))
    await render(source, undefined)
    assert.deepEqual(
      source.calls.map(({ account, uris, processing }) => [account, uris, processing]),
      [
        [ALICE, ['a/', 'b'], 'xcap-patching'],
        [ALICE, ['c'], 'no-patching'],
        [ALICE, [], 'no-patching'],
      ],
    )
  })

  it('tells the difference to what the watcher has taken, and nothing of what he has not', async () => {
    const source = new Source()
    const { state } = await render(source, askedFor(list('a')))
    await render(source, askedFor(list('a')), state)
    await render(source, askedFor(list('a')), 'the state of something else')
    assert.deepEqual(
      source.calls.map(({ known }) => known),
      [undefined, state, undefined],
    )
  })

  it('refuses lists that are none, or too long (§4.4)', () => {
    const [body] = xcapDiffPackage.bodies
    const read = (content: string) => () => body?.read(askedFor(content).bodies[0] ?? assert.fail())
    const statusOf = (error: unknown) => error instanceof SipError && error.status
    assert.throws(read('<list/>'), (error) => statusOf(error) === 400)
    assert.throws(read('<resource-lists'), (error) => statusOf(error) === 400)
    const many = list(
      ...Array(101)
        .keys()
        .map((count) => `document-${count}`),
    )
    assert.throws(read(many), (error) => statusOf(error) === 413)
  })

  it('hears of changes as long as it is watched', () => {
    const source = new Source()
    const changed: (BareJid | undefined)[] = []
    const watching = xcapDiffPackage.watch(depsWith(source), (account) => changed.push(account))
    source.listener?.(ALICE)
    watching[Symbol.dispose]()
    assert.equal(source.listener, undefined)
    assert.deepEqual(changed, [ALICE])
  })
})
