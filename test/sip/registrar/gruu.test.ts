/** RFC 5627 §5, §6.1. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { parseSipUri } from '../../../src/sip/message/uri.ts'
import { parseNameAddr } from '../../../src/sip/message/values.ts'
import { Gruus } from '../../../src/sip/registrar/gruu.ts'
import { BOB } from '../events/support.ts'
import { PHONE, type Register, setUp } from './support.ts'

const INSTANCE = 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'
const DEVICE = `${PHONE};+sip.instance="<${INSTANCE}>"`
const GRUU: [string, string] = ['Supported', 'path, gruu']

function start() {
  const system = setUp()
  const params = async (contacts: string[], more: Register = {}) => {
    const tx = await system.register(contacts, { headers: [GRUU], ...more })
    assert.equal(tx.status, 200)
    const contact = parseNameAddr(tx.header('Contact') ?? '')
    return {
      publicUri: contact?.params.get('pub-gruu'),
      temporary: contact?.params.get('temp-gruu'),
    }
  }
  const found = (uri = '') => {
    const parsed = parseSipUri(uri)
    assert.ok(parsed, uri)
    try {
      return system.gruus.temporary(parsed).map(({ state }) => state.contact)
    } catch (error) {
      if (!(error instanceof SipError)) throw error
      return error.status
    }
  }
  return { ...system, params, found }
}

const CONTACT = 'sip:bob@192.0.2.10:5060'

describe('the GRUUs of a device (RFC 5627 §5)', () => {
  test('are told to a client that knows them, for a contact with an instance', async () => {
    const { params } = start()
    const { publicUri, temporary } = await params([DEVICE])
    assert.equal(publicUri, `sip:bob@example.com;gr=${INSTANCE}`)
    assert.match(temporary ?? '', /^sip:tgruu\.[\w-]+@example\.com;gr$/)
    assert.doesNotMatch(temporary ?? '', /bob/)
  })

  test('are not told to others, nor for a contact without one (§5.2)', async () => {
    const { params } = start()
    const none = { publicUri: undefined, temporary: undefined }
    assert.deepEqual(await params([DEVICE], { headers: [] }), none)
    assert.deepEqual(await start().params([PHONE]), none)
  })

  test('are what we say, not what the client says (§5.1)', async () => {
    const { params } = start()
    const claimed = `${DEVICE};pub-gruu="sip:boss@example.com;gr=x";temp-gruu="sip:x@example.com;gr"`
    const { publicUri, temporary } = await params([claimed])
    assert.equal(publicUri, `sip:bob@example.com;gr=${INSTANCE}`)
    assert.match(temporary ?? '', /^sip:tgruu/)
  })
})

describe('a temporary GRUU', () => {
  test('leads to the device; each refresh makes another, and all of them are good (§5.1)', async () => {
    const { params, found } = start()
    const first = await params([DEVICE])
    const second = await params([DEVICE])
    assert.notEqual(first.temporary, second.temporary)
    assert.deepEqual(found(first.temporary), [CONTACT])
    assert.deepEqual(found(second.temporary), [CONTACT])
  })

  test('ends when the device registers under another Call-ID: 404 (§5.1)', async () => {
    const { params, found } = start()
    const before = await params([DEVICE])
    const after = await params([DEVICE], { headers: [GRUU], callId: 'rebooted', cseq: 1 })
    assert.equal(found(before.temporary), 404)
    assert.deepEqual(found(after.temporary), [CONTACT])
  })

  test('ends with the last contact, by time or by its client, and does not come back (§5.3)', async () => {
    const { params, found, register, clock } = start()
    const first = await params([DEVICE])
    clock.advance(3_600_000)
    assert.equal(found(first.temporary), 404)
    const second = await params([DEVICE])
    await register([`${DEVICE};expires=0`])
    assert.equal(found(second.temporary), 404)
    await params([DEVICE])
    assert.equal(found(first.temporary), 404)
    assert.equal(found(second.temporary), 404)
  })

  test('is good after a restart, while the device is registered', async () => {
    const { params, bindings, store, clock } = start()
    const { temporary } = await params([DEVICE])
    bindings.stop()
    const after = setUp({ store, clock })
    await after.bindings.restore()
    const uri = parseSipUri(temporary ?? '')
    assert.ok(uri)
    assert.equal(after.gruus.temporary(uri).length, 1)
    assert.equal(after.bindings.of(BOB)[0]?.since, clock.now())
  })

  test('cannot be made by others', async () => {
    const { params, found, bindings } = start()
    const { temporary = '' } = await params([DEVICE])
    const changed = temporary.replace(/tgruu\.(.)/, (_, one) => `tgruu.${one === 'A' ? 'B' : 'A'}`)
    assert.equal(found(changed), 404)
    assert.equal(found('sip:tgruu.AAAA@example.com;gr'), 404)
    assert.equal(found('sip:bob@example.com;gr'), 404)
    const other = new Gruus({ secret: Buffer.alloc(32, 9), bindings })
    const uri = parseSipUri(temporary)
    assert.ok(uri)
    assert.throws(() => other.temporary(uri), SipError)
  })
})
