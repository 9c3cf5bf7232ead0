import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseScram, serializeScram } from '../../../src/server/portable/scram-element.ts'
import { parseDocument } from '../../../src/xml/document.ts'

const LIMITS = { maxStanzaBytes: 10_000, maxDepth: 5, maxAttributes: 5 }
/** The example of XEP-0227 §4.3. */
const EXAMPLE = `<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-1'><iter-count>100000</iter-count><salt>TmFDbE5hQ2xOYUNsTmFDbE5hQ2xOYUNsTmFDbE5hQ2xOYUNsTmFDbE5hQ2wK</salt><server-key>0pXWGK0GZJ6TR73AIUN3ITYtA1g=</server-key><stored-key>Q6qT/SbybblGCZz8e8eSfCJOQic=</stored-key></scram-credentials>`

const parse = (text: string) => parseScram(parseDocument(text, LIMITS))

describe('SCRAM credentials in a portable file (XEP-0227)', () => {
  it('come out as they went in', () => {
    const parsed = parse(EXAMPLE)
    assert.ok(typeof parsed !== 'string')
    assert.equal(parsed.keys.iterations, 100_000)
    assert.equal(serializeScram(parsed).toString(), EXAMPLE)
  })

  it('are refused where they are not whole, without telling keys', () => {
    for (const [from, to] of [
      ['SCRAM-SHA-1', 'SCRAM-MD5'],
      ['>100000<', '>0100<'],
      ['>100000<', '>99999999<'],
      ['0pXWGK0', ''],
      ['Q6qT/S', '!!!!/S'],
      ['<stored-key>', '<stored-key/><stored-key>'],
    ] as const) {
      const reason = parse(EXAMPLE.replace(from, to))
      assert.ok(typeof reason === 'string', from)
      assert.doesNotMatch(reason, /pXWG|6qT|TmFD/)
    }
  })
})
