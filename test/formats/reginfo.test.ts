/** Registration information (RFC 3680 §5), with GRUUs (RFC 5628). */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  type ContactEntry,
  NS_GRUUINFO,
  NS_REGINFO,
  renderRegInfo,
} from '../../src/formats/reginfo.ts'
import { parseDocument } from '../../src/xml/document.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const LIMITS = { maxStanzaBytes: 65_536, maxDepth: 16, maxAttributes: 32 }

const DESK: ContactEntry = {
  id: '76',
  uri: 'sip:user@pc887.example.com;transport=tcp?a=b&c=d',
  displayName: 'Desk & <chair>',
  state: 'active',
  event: 'shortened',
  durationRegistered: 7322,
  expires: 60,
  q: 0.8,
  callId: 'faif9a@ua.example.com',
  cseq: 23001,
  params: [['+sip.instance', '"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"']],
}
const GONE: ContactEntry = {
  id: '77',
  uri: 'sip:user@university.edu',
  state: 'terminated',
  event: 'probation',
  retryAfter: 30,
}

function info(...contacts: ContactEntry[]) {
  const registration = {
    aor: 'sip:user@example.com',
    id: 'as9',
    state: 'active',
    contacts,
  } as const
  return { version: 3, state: 'partial', registrations: [registration] } as const
}

describe('registration information (RFC 3680 §5)', () => {
  it('tells the contacts of an address of record', () => {
    const root = parseDocument(renderRegInfo(info(DESK, GONE)), LIMITS)
    assert.ok(root.is('reginfo', NS_REGINFO))
    assert.deepEqual({ ...root.attrs }, { version: '3', state: 'partial' })
    const registration = root.child('registration')
    assert.deepEqual(
      { ...registration?.attrs },
      { aor: 'sip:user@example.com', id: 'as9', state: 'active' },
    )
    const [desk, gone] = [...(registration?.elements() ?? [])]
    assert.deepEqual(
      { ...desk?.attrs },
      {
        id: '76',
        state: 'active',
        event: 'shortened',
        'duration-registered': '7322',
        expires: '60',
        q: '0.8',
        callid: 'faif9a@ua.example.com',
        cseq: '23001',
      },
    )
    assert.equal(desk?.child('uri')?.text(), DESK.uri)
    assert.equal(desk?.child('display-name')?.text(), 'Desk & <chair>')
    assert.equal(desk?.child('unknown-param')?.attr('name'), '+sip.instance')
    assert.equal(desk?.child('unknown-param')?.text(), DESK.params?.[0]?.[1])
    assert.deepEqual(
      { ...gone?.attrs },
      { id: '77', state: 'terminated', event: 'probation', 'retry-after': '30' },
    )
  })

  it('tells GRUUs in a namespace of their own (RFC 5628 §5)', () => {
    const publicGruu = 'sip:user@example.com;gr=hha9s8d-999a'
    const temporaryGruu = { uri: 'sip:8ffkas08af7fasklzi9@example.com;gr', firstCseq: 54301 }
    const text = renderRegInfo(info({ ...DESK, publicGruu, temporaryGruu }))
    const contact = parseDocument(text, LIMITS).child('registration')?.child('contact')
    assert.equal(contact?.child('pub-gruu', NS_GRUUINFO)?.attr('uri'), publicGruu)
    const temporary = contact?.child('temp-gruu', NS_GRUUINFO)
    assert.deepEqual({ ...temporary?.attrs }, { uri: temporaryGruu.uri, 'first-cseq': '54301' })
    assert.doesNotMatch(renderRegInfo(info(DESK)), /gruuinfo/)
  })

  it('is valid by the schema of §5.4', () => {
    using directory = temporaryDirectory()
    const publicGruu = 'sip:user@example.com;gr=hha9s8d-999a'
    const files = [info(), info(DESK), info(GONE, { ...DESK, publicGruu })].map((one, at) => {
      const file = join(directory.path, `${at}.xml`)
      writeFileSync(file, renderRegInfo(one))
      return file
    })
    const schema = join(import.meta.dirname, 'schemas/reginfo.xsd')
    execFileSync('xmllint', ['--noout', '--nonet', '--schema', schema, ...files], { stdio: 'pipe' })
  })
})
