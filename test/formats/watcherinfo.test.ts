import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  MAX_WATCHERS,
  parseWatcherInfo,
  renderWatcherInfo,
  WATCHER_EVENTS,
  WATCHER_STATUSES,
  type WatcherEntry,
  type WatcherInfo,
  WatcherInfoError,
} from '../../src/formats/watcherinfo.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const WATCHER: WatcherEntry = {
  id: '8ajksjda7s',
  uri: 'sip:userA@example.net',
  status: 'active',
  event: 'approved',
}

function infoOf(...watchers: WatcherEntry[]): WatcherInfo {
  const lists = [{ resource: 'sip:professor@example.net', package: 'presence', watchers }]
  return { version: 0, state: 'full', lists }
}

function listText(
  watchers: string,
  attributes = 'resource="sip:p@example.net" package="presence"',
) {
  return (
    '<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version="0" state="full">' +
    `<watcher-list ${attributes}>${watchers}</watcher-list></watcherinfo>`
  )
}

const words = fc.string({ unit: fc.constantFrom('a', 'Z', '&', '<', '"', "'", ' ', 'é', '語') })
const entries: fc.Arbitrary<WatcherEntry> = fc.record(
  {
    id: fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/),
    uri: fc.stringMatching(/^sip:[a-z0-9%&'().=+$,;]{0,20}@example\.(com|org)$/).map(fixPercent),
    status: fc.constantFrom(...WATCHER_STATUSES),
    event: fc.constantFrom(...WATCHER_EVENTS),
    displayName: words,
    expiration: fc.nat(),
    durationSubscribed: fc.nat(),
  },
  { requiredKeys: ['id', 'uri', 'status', 'event'] },
)

describe('a rendered watcher information document', () => {
  it('is that of the example in RFC 3858', () => {
    const pending: WatcherEntry = {
      id: 'hh8juja87s997-ass7',
      uri: 'sip:userB@example.org',
      status: 'pending',
      event: 'subscribe',
      displayName: 'Mr. Subscriber',
    }
    assert.equal(
      renderWatcherInfo(infoOf({ ...WATCHER, durationSubscribed: 509 }, pending)),
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version="0" state="full">' +
        '<watcher-list resource="sip:professor@example.net" package="presence">' +
        '<watcher id="8ajksjda7s" status="active" event="approved" duration-subscribed="509">' +
        'sip:userA@example.net</watcher>' +
        '<watcher id="hh8juja87s997-ass7" status="pending" event="subscribe"' +
        ' display-name="Mr. Subscriber">sip:userB@example.org</watcher>' +
        '</watcher-list></watcherinfo>\n',
    )
  })

  it('is what the schema of RFC 3858 accepts', () => {
    using directory = temporaryDirectory()
    const samples = fc.sample(fc.array(entries, { maxLength: 6 }), { numRuns: 100, seed: 3858 })
    const texts = samples.map((watchers, version) =>
      renderWatcherInfo({ ...infoOf(...watchers), version, state: 'partial' }),
    )
    validate(directory.path, [
      renderWatcherInfo({ version: 0, state: 'full', lists: [] }),
      ...texts,
    ])
  })

  it('is checked by a schema that refuses what is not valid', () => {
    using directory = temporaryDirectory()
    const wrong = renderWatcherInfo(infoOf(WATCHER)).replace('active', 'alive')
    assert.throws(() => validate(directory.path, [wrong]), /alive/)
  })

  it('can be read again', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 6 }), (watchers) => {
        const [list] = parseWatcherInfo(renderWatcherInfo(infoOf(...watchers)))
        assert.deepEqual(
          list?.watchers,
          watchers.map(({ uri, status, event }) => ({ uri, status, event, level: undefined })),
        )
      }),
    )
  })
})

describe('a watcher information document that is read', () => {
  it('tells the resource, the package and each watcher', () => {
    const text = listText('<watcher id="x" status="pending" event="subscribe"> sip:b@x </watcher>')
    assert.deepEqual(parseWatcherInfo(text), [
      {
        resource: 'sip:p@example.net',
        package: 'presence',
        watchers: [{ uri: 'sip:b@x', status: 'pending', event: 'subscribe', level: undefined }],
      },
    ])
  })

  it('may name an access level in the namespace of Heliograph', () => {
    const text = listText(
      '<watcher xmlns:h="urn:heliograph:access" h:level="Telephony" status="active">sip:b@x</watcher>',
    )
    assert.equal(parseWatcherInfo(text)[0]?.watchers[0]?.level, 'Telephony')
    const other = text.replace('urn:heliograph:access', 'urn:other')
    assert.equal(parseWatcherInfo(other)[0]?.watchers[0]?.level, undefined)
  })

  it('may have elements and attributes that nobody knows, and lack the optional ones', () => {
    const text = listText(
      '<watcher status="active" event="bored" colour="red">sip:b@x</watcher><watcher xmlns="urn:o"/>',
      'package="presence"',
    )
    assert.deepEqual(parseWatcherInfo(text)[0], {
      resource: undefined,
      package: 'presence',
      watchers: [{ uri: 'sip:b@x', status: 'active', event: undefined, level: undefined }],
    })
  })

  it('is refused where it is no such document', () => {
    const refused = (text: string, kind: WatcherInfoError['kind']) =>
      assert.throws(
        () => parseWatcherInfo(text),
        (error) => error instanceof WatcherInfoError && error.kind === kind,
      )
    refused('<watcherinfo', 'not-well-formed')
    refused('<!DOCTYPE a><a/>', 'not-well-formed')
    refused('<presence xmlns="urn:ietf:params:xml:ns:pidf"/>', 'not-watcherinfo')
    refused(listText('<watcher status="active"> </watcher>'), 'invalid')
    refused(listText('<watcher status="alive">sip:b@x</watcher>'), 'invalid')
    refused(listText('<watcher>sip:b@x</watcher>'), 'invalid')
    const one = '<watcher status="active">sip:b@x</watcher>'
    assert.equal(parseWatcherInfo(listText(one.repeat(MAX_WATCHERS)))[0]?.watchers.length, 500)
    refused(listText(one.repeat(MAX_WATCHERS + 1)), 'too-large')
    refused(listText(' '.repeat(70_000)), 'too-large')
  })
})

/** A percent sign begins an escape, or the URI is none. */
function fixPercent(uri: string): string {
  return uri.replaceAll('%', '%25')
}

/** Throws with what xmllint complains of, and where there is no xmllint. */
function validate(directory: string, texts: readonly string[]): void {
  const schema = join(import.meta.dirname, 'schemas/watcherinfo.xsd')
  const files = texts.map((text, at) => {
    const file = join(directory, `${at}.xml`)
    writeFileSync(file, text)
    return file
  })
  execFileSync('xmllint', ['--noout', '--nonet', '--schema', schema, ...files], { stdio: 'pipe' })
}
