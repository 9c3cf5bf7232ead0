/** RFC 4662 §5. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  INSTANCE_STATES,
  parseRlmi,
  RlmiError,
  type RlmiList,
  renderRlmi,
} from '../../src/formats/rlmi.ts'
import { validate } from '../support/xmllint.ts'

/** The document of RFC 4662 §5.1. */
const EXAMPLE = `<?xml version="1.0"?>
<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="sip:adam-friends@lists.vancouver.example.com" version="7" fullState="true">
  <name xml:lang="en">Buddy List</name>
  <name xml:lang="fr">Liste d'amis</name>
  <resource uri="sip:bob@vancouver.example.com">
    <name>Bob Smith</name>
    <instance id="juwigmtboe" state="active" cid="12345.aaa@vancouver.example.com"/>
  </resource>
  <resource uri="sip:jim@vancouver.example.com">
    <name>Jim</name>
    <instance id="oflzxqzuvg" state="terminated" reason="rejected" />
  </resource>
  <resource uri="sip:ed@vancouver.example.com"><name>Ed</name></resource>
</list>`

/** With the prototype of what is parsed. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true })
}

const tokens = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/)
const uris = tokens.map((token) => `sip:${token}@example.com`)
const names = fc.string({ unit: fc.constantFrom('a', '&', '<', '語'), minLength: 1 })
const rlmi: fc.Arbitrary<RlmiList> = record({
  uri: uris,
  version: fc.nat(),
  fullState: fc.boolean(),
  name: fc.option(names, { nil: undefined }),
  resources: fc.array(
    record({
      uri: uris,
      name: fc.option(names, { nil: undefined }),
      instances: fc.array(
        record({
          id: tokens,
          state: fc.constantFrom(...INSTANCE_STATES),
          reason: fc.option(tokens, { nil: undefined }),
          cid: fc.option(tokens, { nil: undefined }),
          watcher: fc.option(uris, { nil: undefined }),
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 4 },
  ),
})

function refuses(text: string, kind: RlmiError['kind']): void {
  assert.throws(
    () => parseRlmi(text),
    (error) => error instanceof RlmiError && error.kind === kind,
  )
}

describe('resource list meta-information (RFC 4662 §5)', () => {
  it('tells of each resource, its name and its instances', () => {
    const list = parseRlmi(EXAMPLE)
    assert.deepEqual([list.version, list.fullState, list.name], [7, true, 'Buddy List'])
    assert.deepEqual(list.resources[0]?.instances, [
      {
        id: 'juwigmtboe',
        state: 'active',
        reason: undefined,
        cid: '12345.aaa@vancouver.example.com',
        watcher: undefined,
      },
    ])
    assert.equal(list.resources[1]?.instances[0]?.reason, 'rejected')
    assert.deepEqual(list.resources[2]?.instances, [])
  })

  it('is written as it was read, and as the schema of §5.1 wants it', () => {
    const samples = fc.sample(rlmi, { numRuns: 80, seed: 4662 })
    validate('rlmi.xsd', [EXAMPLE, ...samples.map(renderRlmi)])
    for (const sample of samples) assert.deepEqual(parseRlmi(renderRlmi(sample)), sample)
    assert.throws(() => validate('rlmi.xsd', [EXAMPLE.replace('"active"', '"idle"')]), /idle/)
  })

  it('is refused where it is none', () => {
    refuses('<list', 'not-well-formed')
    refuses('<list xmlns="urn:o"/>', 'invalid')
    refuses(EXAMPLE.replace('version="7"', ''), 'invalid')
    refuses(EXAMPLE.replace('version="7"', 'version="4294967296"'), 'invalid')
    refuses(EXAMPLE.replace('fullState="true"', 'fullState="yes"'), 'invalid')
    refuses(EXAMPLE.replace('"active"', '"idle"'), 'invalid')
    refuses(EXAMPLE.replace('uri="sip:ed@vancouver.example.com"', ''), 'invalid')
    refuses(EXAMPLE.replace('id="juwigmtboe"', ''), 'invalid')
    refuses(
      `<list xmlns="urn:ietf:params:xml:ns:rlmi">${' '.repeat(4_194_305)}</list>`,
      'too-large',
    )
  })
})
