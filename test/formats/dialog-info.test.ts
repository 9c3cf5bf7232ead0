/** Dialog information (RFC 4235 §4). */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  DIALOG_EVENTS,
  DIALOG_STATES,
  DIRECTIONS,
  type DialogElement,
  type DialogInfo,
  DialogInfoError,
  MAX_DIALOGS,
  NS_DIALOG_INFO,
  type Participant,
  parseDialogInfo,
  renderDialogInfo,
} from '../../src/formats/dialog-info.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const ENTITY = 'sip:alice@example.com'

function document(dialogs: string, attributes = 'version="0" state="full"'): string {
  return `<dialog-info xmlns="${NS_DIALOG_INFO}" ${attributes} entity="${ENTITY}">${dialogs}</dialog-info>`
}

const FULL: DialogElement = {
  id: 'as7d900as8',
  callId: 'a84b4c76e66710',
  localTag: '1928301774',
  remoteTag: '456887766',
  direction: 'initiator',
  state: 'confirmed',
  event: undefined,
  code: 200,
  duration: 274,
  replaces: { callId: 'hg287s98s89', localTag: '6762h7', remoteTag: '09278hsb' },
  referredBy: { uri: 'sip:bob@example.com', display: 'Bob' },
  routeSet: ['<sip:proxy.example.com;lr>'],
  local: {
    identities: [
      { uri: 'sip:alice@example.com', display: 'Alice' },
      { uri: 'tel:+390112', display: undefined },
    ],
    target: { uri: 'sip:alice@pc33.example.com', params: [['isfocus', 'true']] },
    sessionDescription: { type: 'application/sdp', text: 'v=0\nm=audio 49170 RTP/AVP 0\n' },
    cseq: 5,
  },
  remote: {
    identities: [{ uri: 'sip:bob@example.org', display: '"Bob" & <sons>' }],
    target: { uri: 'sip:bobster@phone21.example.org', params: [] },
    sessionDescription: undefined,
    cseq: undefined,
  },
  extensions: undefined,
}

describe('a dialog-info document (RFC 4235 §4) that is written', () => {
  it('says all that is known, and is read as it was meant', () => {
    const info: DialogInfo = { version: 7, state: 'partial', entity: ENTITY, dialogs: [FULL] }
    assert.deepEqual(parseDialogInfo(renderDialogInfo(info)), info)
  })

  it('says no more than it knows', () => {
    const dialogs = [{ id: 'a', state: 'confirmed' }] as const
    assert.equal(
      renderDialogInfo({ version: 0, state: 'full', entity: ENTITY, dialogs }),
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        document('<dialog id="a"><state>confirmed</state></dialog>') +
        '\n',
    )
  })

  it('is valid by the schema of §4.4, whatever it says', () => {
    using directory = temporaryDirectory()
    const texts = [renderDialogInfo({ version: 0, state: 'full', entity: ENTITY, dialogs: [FULL] })]
    fc.assert(
      fc.property(infos, (info) => {
        texts.push(renderDialogInfo(info))
      }),
      { numRuns: 50 },
    )
    validate(directory.path, texts)
  })

  it('keeps elements of other namespaces, such as those of RFC 7463', () => {
    const appearance = `<appearance xmlns='urn:ietf:params:xml:ns:sa-dialog-info'>1</appearance>`
    const text = document(`<dialog id="a"><state>early</state>${appearance}</dialog>`)
    const info = parseDialogInfo(text)
    assert.deepEqual(info.dialogs[0]?.extensions, [appearance])
    assert.deepEqual(parseDialogInfo(renderDialogInfo(info)), info)
  })
})

describe('a dialog-info document (RFC 4235 §4) that is read', () => {
  it('may be as old phones write it', () => {
    const text = document(
      '<dialog id=" 1 " direction="sideways"><state event="bored" code="1000"> early </state>' +
        '<remote><identity display-name="Bob">sip:bob@x</identity><target/></remote></dialog>',
      'version="-1"',
    )
    assert.deepEqual(parseDialogInfo(text), {
      version: 0,
      state: 'full',
      entity: ENTITY,
      dialogs: [
        {
          ...EMPTY,
          id: '1',
          state: 'early',
          remote: {
            identities: [{ uri: 'sip:bob@x', display: 'Bob' }],
            target: undefined,
            sessionDescription: undefined,
            cseq: undefined,
          },
        },
      ],
    })
  })

  it('is refused where it is no such document', () => {
    const refused = (text: string, kind: DialogInfoError['kind']) =>
      assert.throws(
        () => parseDialogInfo(text),
        (error) => error instanceof DialogInfoError && error.kind === kind,
      )
    const one = (id: string) => `<dialog id="${id}"><state>early</state></dialog>`
    refused('<dialog-info', 'not-well-formed')
    refused('<!DOCTYPE a><a/>', 'not-well-formed')
    refused('<dialog-info xmlns="urn:other"/>', 'not-dialog-info')
    refused(document('<dialog><state>early</state></dialog>'), 'invalid')
    refused(document('<dialog id="a"/>'), 'invalid')
    refused(document('<dialog id="a"><state>ringing</state></dialog>'), 'invalid')
    refused(document(one('a') + one('a')), 'invalid')
    refused(document(one('x'.repeat(2000))), 'too-large')
    refused(
      document(
        `<dialog id="a"><state>early</state><local>${'<identity>sip:a</identity>'.repeat(21)}</local></dialog>`,
      ),
      'too-large',
    )
    const many = Array.from({ length: MAX_DIALOGS }, (_, at) => one(`d${at}`)).join('')
    assert.equal(parseDialogInfo(document(many)).dialogs.length, MAX_DIALOGS)
    refused(document(many + one('more')), 'too-large')
  })
})

const EMPTY: Omit<DialogElement, 'id' | 'state'> = {
  callId: undefined,
  localTag: undefined,
  remoteTag: undefined,
  direction: undefined,
  event: undefined,
  code: undefined,
  duration: undefined,
  replaces: undefined,
  referredBy: undefined,
  routeSet: undefined,
  local: undefined,
  remote: undefined,
  extensions: undefined,
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const uri = fc.webUrl().map((url) => url.replaceAll('%', '%25'))
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const participants: fc.Arbitrary<Participant> = fc.record({
  identities: fc.array(fc.record({ uri, display: optional(text) }), { maxLength: 3 }),
  target: optional(fc.record({ uri: text, params: fc.array(fc.tuple(text, text)) })),
  sessionDescription: optional(fc.record({ type: text, text })),
  cseq: optional(fc.nat()),
})
const dialogs: fc.Arbitrary<DialogElement> = fc.record({
  id: text,
  callId: optional(text),
  localTag: optional(text),
  remoteTag: optional(text),
  direction: optional(fc.constantFrom(...DIRECTIONS)),
  state: fc.constantFrom(...DIALOG_STATES),
  event: optional(fc.constantFrom(...DIALOG_EVENTS)),
  code: optional(fc.integer({ min: 100, max: 699 })),
  duration: optional(fc.nat()),
  replaces: optional(fc.record({ callId: text, localTag: text, remoteTag: text })),
  referredBy: optional(fc.record({ uri, display: optional(text) })),
  routeSet: optional(fc.array(text, { maxLength: 3 })),
  local: optional(participants),
  remote: optional(participants),
})
const infos: fc.Arbitrary<DialogInfo> = fc.record({
  version: fc.nat(),
  state: fc.constantFrom('full', 'partial'),
  entity: fc.constant(ENTITY),
  dialogs: fc.array(dialogs, { maxLength: 3 }),
})

/** Throws with what xmllint complains of, and where there is no xmllint. */
function validate(directory: string, texts: readonly string[]): void {
  const schema = join(import.meta.dirname, 'schemas/dialog-info.xsd')
  const files = texts.map((one, at) => {
    const file = join(directory, `${at}.xml`)
    writeFileSync(file, one)
    return file
  })
  execFileSync('xmllint', ['--noout', '--nonet', '--schema', schema, ...files], { stdio: 'pipe' })
}
