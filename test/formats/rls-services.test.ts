/** RFC 4826 §4. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ResourceListsError } from '../../src/formats/resource-lists.ts'
import {
  parseRlsServices,
  type RlsService,
  renderRlsServices,
} from '../../src/formats/rls-services.ts'
import { validate } from '../support/xmllint.ts'

/** The document of RFC 4826 §4.3. */
const EXAMPLE = `<?xml version="1.0" encoding="UTF-8"?>
<rls-services xmlns="urn:ietf:params:xml:ns:rls-services" xmlns:rl="urn:ietf:params:xml:ns:resource-lists">
 <service uri="sip:mybuddies@example.com">
  <resource-list>http://xcap.example.com/resource-lists/users/sip:joe@example.com/index/~~/resource-lists/list%5b@name=%22l1%22%5d</resource-list>
  <packages><package>presence</package></packages>
 </service>
 <service uri="sip:marketing@example.com">
  <list name="marketing">
   <rl:entry uri="sip:joe@example.com"/>
   <rl:entry uri="sip:sudhir@example.com"/>
  </list>
  <packages><package>presence</package></packages>
 </service>
</rls-services>`

function refuses(text: string): void {
  assert.throws(
    () => parseRlsServices(text),
    (error) => error instanceof ResourceListsError && error.kind === 'invalid',
  )
}

function inServices(content: string): string {
  return `<rls-services xmlns="urn:ietf:params:xml:ns:rls-services">${content}</rls-services>`
}

describe('an RLS services document (RFC 4826 §4)', () => {
  it('names services, each with a list or with where its list is', () => {
    const [buddies, marketing] = parseRlsServices(EXAMPLE)
    assert.match(String(buddies?.list), /^http:\/\/xcap\.example\.com\/.*%5d$/)
    assert.deepEqual(buddies?.packages, ['presence'])
    assert.equal(marketing?.uri, 'sip:marketing@example.com')
    assert.ok(typeof marketing.list === 'object')
    assert.deepEqual(
      marketing.list.members.map((member) => member.kind === 'entry' && member.uri),
      ['sip:joe@example.com', 'sip:sudhir@example.com'],
    )
  })

  it('is for all packages where it names none (§4.1)', () => {
    const text = inServices('<service uri="sip:a@x"><list/></service>')
    assert.equal(parseRlsServices(text)[0]?.packages, undefined)
  })

  it('is written as it was read, and as the schema of §4.2 wants it', () => {
    const services: RlsService[] = [
      ...parseRlsServices(EXAMPLE),
      { uri: 'sip:a&b@x', list: { kind: 'list', members: [] }, packages: undefined },
    ]
    const text = renderRlsServices(services)
    validate('rls-services.xsd', [EXAMPLE, text])
    const again = parseRlsServices(text)
    assert.equal(renderRlsServices(again), text)
    assert.equal(again[2]?.uri, 'sip:a&b@x')
    assert.throws(() => validate('rls-services.xsd', [inServices('<service uri="sip:a@x"/>')]))
  })

  it('is refused where it is none', () => {
    refuses('<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"/>')
    refuses(inServices('<service><list/></service>'))
    refuses(inServices('<service uri="sip:a@x"/>'))
    refuses(inServices('<service uri="sip:a@x"><resource-list> </resource-list></service>'))
  })
})
