/** Messages from SIP clients and trusted peers: RFC 3428 §7. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { DELIVERED, refused } from '../../../src/core/messaging/message.ts'
import type { Session } from '../../../src/core/sessions.ts'
import { BOB, exchange, settle, sipRequest } from '../events/support.ts'
import { handlerRig as setUp } from './support.ts'

describe('a MESSAGE', () => {
  test('becomes a chat message of the authenticated user', async () => {
    const { message, sent } = setUp()
    const tx = await message('Grüße', 'text/plain;charset=UTF-8', {
      headers: [['Subject', 'Lunch']],
    })
    assert.equal(tx.status, 200)
    const [got] = sent
    assert.equal(got?.from.full, 'bob@example.com')
    assert.equal(got?.to.full, 'alice@example.com')
    assert.equal(got?.body, 'Grüße')
    assert.equal(got?.subject, 'Lunch')
    assert.equal(got?.type, 'chat')
    assert.equal(got?.origin, 'sip')
    assert.equal(got?.storable, true)
  })

  test('from a registered phone comes from its owner, and the core is told of the phone', async () => {
    const phone: Session = {
      account: BOB,
      resource: 'sip-desk',
      protocol: 'sip',
      priority: 0,
      deliver: () => DELIVERED,
    }
    const { message, sent, senders } = setUp(DELIVERED, phone)
    await message('hi')
    assert.equal(sent[0]?.from.full, 'bob@example.com')
    assert.equal(senders[0], phone)
  })

  test('by a trusted peer comes from whoever he says, ours or not', async () => {
    const { message, sent } = setUp()
    await message('hi', 'text/plain', { from: '<sip:eve@elsewhere.example>;tag=1' })
    assert.equal(sent[0]?.from.full, 'eve@elsewhere.example')
  })

  test('of HTML is read as text', async () => {
    const { message, sent } = setUp()
    await message('<p>a &amp; <b>b</b></p>', 'text/html')
    assert.equal(sent[0]?.body, 'a & b')
  })

  test('of another type gets 415 and Accept, too large 413, for nobody 404', async () => {
    const { message } = setUp()
    const image = await message('...', 'image/png')
    assert.equal(image.status, 415)
    assert.match(image.header('Accept') ?? '', /^text\/plain/)
    assert.equal((await message('x'.repeat(4001))).status, 413)
    const nobody = await message('hi', 'text/plain', { uri: 'sip:nobody@example.com' })
    assert.equal(nobody.status, 404)
  })

  test('that is not UTF-8 gets 400; controls that no XML carries are left out', async () => {
    const { message, sent, handler } = setUp()
    const broken = sipRequest('MESSAGE', { headers: [['Content-Type', 'text/plain']] })
    broken.body = Buffer.from([0x61, 0xff])
    assert.equal((await exchange(handler, broken)).status, 400)
    await message('a\u0000\u0007b\tc')
    assert.equal(sent[0]?.body, 'ab\tc')
  })

  test('may be packed, within its limit (RFC 3261 §20.12)', async () => {
    const { sent, handler } = setUp()
    const packed = async (text: string, encoding: string) => {
      const headers = [
        ['Content-Type', 'text/plain'],
        ['Content-Encoding', encoding],
      ] as const
      const request = sipRequest('MESSAGE', { headers })
      request.body = deflateSync(text)
      return (await exchange(handler, request)).status
    }
    assert.equal(await packed('Grüße', 'deflate'), 200)
    assert.equal(sent[0]?.body, 'Grüße')
    assert.equal(await packed('x'.repeat(4001), 'deflate'), 413)
    assert.equal(await packed('Grüße', 'br'), 415)
    assert.equal(sent.length, 1)
  })

  test('that has expired is not delivered', async () => {
    const { message, sent, clock } = setUp()
    const old = new Date(clock.now() - 61_000).toUTCString()
    const headers: [string, string][] = [['Date', old]]
    const late = await message('hi', 'text/plain', { headers: [...headers, ['Expires', '60']] })
    assert.equal(late.status, 408)
    assert.equal(sent.length, 0)
    await message('hi', 'text/plain', { headers: [...headers, ['Expires', '600']] })
    assert.equal(sent.length, 1)
  })

  test('that expires waits for that long only, counted from its Date or from now (RFC 3428 §8)', async () => {
    const { message, sent, clock } = setUp()
    const date = new Date(Math.floor(clock.now() / 1000) * 1000 - 60_000)
    await message('dated', 'text/plain', {
      headers: [
        ['Date', date.toUTCString()],
        ['Expires', '600'],
      ],
    })
    await message('undated', 'text/plain', { headers: [['Expires', '600']] })
    await message('now or never', 'text/plain', { headers: [['Expires', '0']] })
    assert.equal(sent[0]?.expiresAt, date.getTime() + 600_000)
    assert.equal(sent[1]?.expiresAt, clock.now() + 600_000)
    assert.deepEqual([sent[2]?.expiresAt, sent[2]?.storable], [undefined, false])
  })

  test('is answered with what became of it', async () => {
    assert.equal((await setUp({ kind: 'stored' }).message('hi')).status, 202)
    assert.equal((await setUp(refused('forbidden')).message('hi')).status, 403)
    const relayed = { kind: 'relayed' as const, final: Promise.resolve(DELIVERED) }
    assert.equal((await setUp(relayed).message('hi')).status, 200)
  })

  test('is answered 202 before the sender gives up waiting', async () => {
    const { message, clock } = setUp(new Promise(() => undefined))
    const answering = message('hi')
    await settle()
    clock.advance(20_000)
    assert.equal((await answering).status, 202)
  })
})
