/** What became of a message: IMDN (RFC 5438), both ways between SIP phones and receipts of XMPP (XEP-0184, XEP-0333). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import {
  DELIVERED,
  type DeliveryOutcome,
  refused,
  STORED,
} from '../../../src/core/messaging/message.ts'
import type { Fate } from '../../../src/core/messaging/signals.ts'
import { parseImdn, renderImdn } from '../../../src/formats/imdn.ts'
import { parseCpim } from '../../../src/sip/messaging/cpim.ts'
import {
  callIdFor,
  fromMessageId,
  idInCallId,
  toMessageId,
} from '../../../src/sip/messaging/message-id.ts'
import { settle } from '../events/support.ts'
import { chat, crlf, handlerRig, phoneRig } from './support.ts'

const CPIM = 'message/cpim'
const DATE = '2006-04-04T12:16:49-05:00'

function asking(wants: string, more = ''): string {
  return crlf(`
From: <im:bob@example.com>
To: <im:alice@example.com>
NS: imdn <urn:ietf:params:imdn>
imdn.Message-ID: 34jk324j
DateTime: ${DATE}
imdn.Disposition-Notification: ${wants}
${more}
Content-Type: text/plain

Hello World`)
}

function telling(fate: Fate, messageId: string): string {
  const imdn = renderImdn({ messageId, dateTime: DATE, fate })
  return crlf(`
From: <im:bob@example.com>
To: <im:alice@example.com>
NS: imdn <urn:ietf:params:imdn>
imdn.Message-ID: d834jied93rf

Content-Type: message/imdn+xml
Content-Disposition: notification

${imdn}`)
}

function read(body: Buffer) {
  const cpim = parseCpim(body)
  assert.ok(typeof cpim === 'object')
  return cpim
}

describe('a SIP sender who asks (RFC 5438 §7.1)', () => {
  test('asks in the core’s words, by his Message-ID', async () => {
    const { message, sent } = handlerRig()
    await message(asking('positive-delivery, negative-delivery, display, processing, x'), CPIM)
    assert.deepEqual(sent[0]?.signals?.wants, ['delivered', 'failed', 'displayed', 'processed'])
    assert.equal(sent[0]?.id, '34jk324j')
    assert.equal(sent[0]?.body, 'Hello World')
  })

  test('without a Message-ID, or with an empty header field, asks for nothing', async () => {
    const { message, sent } = handlerRig()
    await message(asking('display').replace(/imdn.Message-ID.*\r\n/, ''), CPIM)
    await message(asking(''), CPIM)
    assert.deepEqual(
      sent.map(({ signals }) => signals),
      [undefined, undefined],
    )
  })

  async function toldOf(outcome: DeliveryOutcome | Promise<DeliveryOutcome>, wants: string) {
    const rig = handlerRig(outcome)
    const tx = await rig.message(asking(wants), CPIM)
    await settle()
    const reports = rig.sent.slice(1).map(({ signals }) => signals?.report)
    return { sent: rig.sent, status: tx.status, reports }
  }

  test('is told that it waits, where he asked for that (§8.1)', async () => {
    const { status, reports, sent } = await toldOf(STORED, 'processing')
    assert.equal(status, 202)
    assert.deepEqual(reports, [{ fate: 'stored', id: '34jk324j' }])
    assert.equal(sent[1]?.to.full, 'bob@example.com')
    assert.equal(sent[1]?.isCopied?.('sent'), false)
    assert.deepEqual((await toldOf(STORED, 'display')).reports, [])
  })

  test('is told that it went on; not that it was delivered, which nobody has said (§12.2)', async () => {
    const wants = 'positive-delivery, processing'
    const { reports } = await toldOf(DELIVERED, wants)
    assert.deepEqual(reports, [{ fate: 'processed', id: '34jk324j' }])
    assert.deepEqual((await toldOf(DELIVERED, 'positive-delivery')).reports, [])
  })

  test('is told by the answer alone that it failed (§12.1.3.1)', async () => {
    const { status, reports } = await toldOf(refused('forbidden'), 'negative-delivery')
    assert.equal(status, 403)
    assert.deepEqual(reports, [])
  })

  test('is told that it failed after it was taken (§12.2)', async () => {
    const final = Promise.withResolvers<DeliveryOutcome>()
    const { message, sent, clock } = handlerRig({ kind: 'relayed', final: final.promise })
    const answering = message(asking('negative-delivery'), CPIM)
    await settle()
    clock.advance(20_000)
    assert.equal((await answering).status, 202)
    final.resolve(refused('timeout'))
    await settle()
    assert.deepEqual(sent[1]?.signals?.report, { fate: 'failed', id: '34jk324j' })
  })
})

describe('a SIP recipient who tells (RFC 5438 §7.2)', () => {
  for (const fate of ['delivered', 'displayed', 'failed'] as const) {
    test(`says that it was ${fate} to its sender`, async () => {
      const { message, sent } = handlerRig()
      assert.equal((await message(telling(fate, 'stanza-1'), CPIM)).status, 200)
      assert.deepEqual(sent[0]?.signals?.report, { fate, id: 'stanza-1' })
      assert.deepEqual([sent[0]?.body, sent[0]?.storable], [undefined, true])
    })
  }

  test('is not asked to tell of what he tells (§7.2.1)', async () => {
    const { message, sent } = handlerRig()
    const told = telling('displayed', 'stanza-1').replace(
      'imdn.Message-ID',
      'imdn.Disposition-Notification: display\r\nimdn.Message-ID',
    )
    await message(told, CPIM)
    assert.equal(sent[0]?.signals?.wants, undefined)
  })

  test('has nothing to say of servers, and is never refused', async () => {
    const { message, sent } = handlerRig(refused('unreachable'))
    assert.equal((await message(telling('stored', 'stanza-1'), CPIM)).status, 200)
    assert.equal(sent.length, 0)
    assert.equal((await message(telling('delivered', 'stanza-1'), CPIM)).status, 200)
  })

  test('may tell of several at once (§8.3)', async () => {
    const { message, sent } = handlerRig()
    const part = (id: string) =>
      `--b\nContent-Type: message/imdn+xml\n\n${renderImdn({ messageId: id, dateTime: DATE, fate: 'delivered' })}\n`
    await message(crlf(`${part('one')}${part('two')}--b--\n`), 'multipart/mixed;boundary=b')
    assert.deepEqual(
      sent.map(({ signals }) => signals?.report?.id),
      ['one', 'two'],
    )
  })

  test('may tell without CPIM, by the Call-ID of what he got', async () => {
    const { message, sent } = handlerRig()
    const callId = callIdFor('stanza 1')
    const imdn = renderImdn({ messageId: callId, dateTime: DATE, fate: 'displayed' })
    await message(imdn, 'message/imdn+xml')
    assert.deepEqual(sent[0]?.signals?.report, { fate: 'displayed', id: 'stanza 1' })
  })
})

describe('a phone that is asked (RFC 5438 §7.1.1)', () => {
  const wants = ['delivered', 'failed', 'displayed'] as const

  test('gets CPIM with the stanza’s id, and text where nothing is asked', async () => {
    const { userAgent, binding } = phoneRig()
    userAgent.answerAll = 200
    await binding.deliver(chat('Hi', { id: 'stanza-1', subject: 'Lunch', signals: { wants } }))
    const { request } = userAgent.last
    assert.equal(request.headers.get('Content-Type'), CPIM)
    const cpim = read(request.body)
    assert.equal(cpim.messageId, 'stanza-1')
    assert.equal(cpim.from, 'sip:alice@example.com')
    assert.equal(cpim.subject, 'Lunch')
    assert.match(cpim.dateTime ?? '', /^\d{4}-\d\d-\d\dT.*Z$/)
    assert.deepEqual(cpim.dispositionNotification, [
      'positive-delivery',
      'negative-delivery',
      'display',
    ])
    assert.equal(cpim.content.body.toString(), 'Hi')
    await binding.deliver(chat('Hi'))
    assert.match(userAgent.last.request.headers.get('Content-Type') ?? '', /^text\/plain/)
  })

  test('that refuses CPIM gets the text, and no CPIM again until it registers', async () => {
    const { userAgent, binding } = phoneRig()
    const send = () => binding.deliver(chat('Hi', { signals: { wants } }))
    const first = send()
    await settle()
    await userAgent.last.answer(415)
    assert.equal(userAgent.last.request.body.toString(), 'Hi')
    await userAgent.last.answer(200)
    assert.deepEqual(await first, DELIVERED)
    userAgent.answerAll = 200
    await send()
    assert.equal(userAgent.sent.length, 3)
    binding.renew(binding.state)
    await send()
    assert.equal(userAgent.last.request.headers.get('Content-Type'), CPIM)
  })

  test('is asked by `sip.askForReports`: only one that sent CPIM itself, or none', async () => {
    for (const [ask, isShown, type] of [
      ['known', false, /^text/],
      ['known', true, /cpim/],
      ['none', true, /^text/],
    ] as const) {
      const { userAgent, binding } = phoneRig({}, ask)
      userAgent.answerAll = 200
      if (isShown) await handlerRig(DELIVERED, binding).message(telling('displayed', 'x'), CPIM)
      await binding.deliver(chat('Hi', { signals: { wants } }))
      assert.match(userAgent.last.request.headers.get('Content-Type') ?? '', type)
    }
  })
})

describe('a phone that is told (RFC 5438 §7.2.1.1)', () => {
  const report = (fate: Fate, id = '34jk324j') =>
    chat(undefined, {
      from: requireJid('alice@example.com/desk'),
      signals: { report: { fate, id } },
    })

  /** Bob's phone has asked, and is told. */
  async function told(...fates: Fate[]) {
    const { userAgent, binding, awaited } = phoneRig()
    userAgent.answerAll = 200
    const route = ['<im:one@example.com>', '<im:two@example.com>']
    awaited.note(binding.account, '34jk324j', {
      ...{ dateTime: DATE, to: 'im:alice@example.com', originalTo: undefined, route },
    })
    for (const fate of fates) await binding.deliver(report(fate))
    return { userAgent, binding, awaited }
  }

  test('gets the id, the time and the address that its owner used', async () => {
    const { userAgent } = await told('displayed')
    const { request } = userAgent.last
    assert.equal(request.headers.get('Content-Type'), CPIM)
    const cpim = read(request.body)
    assert.equal(cpim.content.headers.get('content-type'), 'message/imdn+xml')
    assert.equal(cpim.content.headers.get('content-disposition'), 'notification')
    assert.notEqual(cpim.messageId, undefined)
    assert.notEqual(cpim.messageId, '34jk324j')
    assert.deepEqual(cpim.dispositionNotification, [])
    const text = request.body.toString()
    assert.match(text, /IMDN-Route: <im:one@example.com>\r\nimdn.IMDN-Route: <im:two@/)
    assert.doesNotMatch(text, /Record-Route/)
    assert.match(text, new RegExp(`<datetime>${DATE}</datetime>`))
    assert.match(text, /<recipient-uri>sip:alice@example.com<\/recipient-uri>/)
    assert.match(text, /<original-recipient-uri>im:alice@example.com<\/original-recipient-uri>/)
    assert.deepEqual(parseImdn(cpim.content.body), { messageId: '34jk324j', fate: 'displayed' })
  })

  test('is told once of each kind, however many clients the other has', async () => {
    const { userAgent } = await told('delivered', 'delivered', 'displayed', 'failed', 'displayed')
    const fates = userAgent.sent.map(
      ({ request }) => parseImdn(read(request.body).content.body)?.fate,
    )
    assert.deepEqual(fates, ['delivered', 'displayed'])
  })

  test('is told after a restart, too, with the time of the report', async () => {
    const { userAgent, binding } = phoneRig()
    userAgent.answerAll = 200
    await binding.deliver(report('delivered', 'long ago'))
    assert.match(userAgent.last.request.body.toString(), /<message-id>long ago<\/message-id>/)
  })

  test('that is not there is told when it is', async () => {
    const { userAgent, binding } = await told()
    userAgent.answerAll = 408
    assert.deepEqual(await binding.deliver(report('delivered')), refused('timeout'))
    userAgent.answerAll = 200
    binding.renew(binding.state)
    await binding.deliver(report('delivered'))
    assert.equal(userAgent.sent.length, 2)
  })

  test('that refuses is left alone, and nobody hears of it', async () => {
    const { userAgent, binding } = await told()
    userAgent.answerAll = 415
    assert.deepEqual(await binding.deliver(report('delivered')), { kind: 'dropped' })
    await binding.deliver(report('displayed'))
    assert.equal(userAgent.sent.length, 1)
    assert.notEqual(binding.priority, undefined)
  })
})

describe('the id of a message (RFC 5438 §6.3)', () => {
  test('is the stanza’s, written so that it can be read back', () => {
    for (const id of [
      'a1-B2',
      'with space',
      'ünïcode',
      '<a&b>',
      'b64.trick',
      'x'.repeat(300),
      "it's",
    ]) {
      const messageId = toMessageId(id)
      assert.match(messageId, /^[\w!%*+`'~.-]+$/)
      assert.equal(fromMessageId(messageId), id)
      assert.equal(idInCallId(callIdFor(id)), id)
    }
    assert.equal(toMessageId('a1-B2'), 'a1-B2')
    assert.notEqual(callIdFor('1'), callIdFor('1'))
  })
})

describe('the document (RFC 5438 §11)', () => {
  test('is read back as it was written, for every fate', () => {
    for (const fate of ['delivered', 'displayed', 'failed', 'processed', 'stored'] as const) {
      const text = renderImdn({ messageId: 'a<b', dateTime: DATE, fate })
      assert.deepEqual(parseImdn(Buffer.from(text)), { messageId: 'a<b', fate })
    }
    const stored = renderImdn({ messageId: '1', dateTime: DATE, fate: 'stored' })
    assert.match(stored, /<processing-notification><status><stored\/><\/status>/)
  })

  test('of a fate that nobody can be told has none; of no message it is none', () => {
    const ns = 'urn:ietf:params:xml:ns:imdn'
    const parse = (content: string) =>
      parseImdn(Buffer.from(`<imdn xmlns="${ns}">${content}</imdn>`))
    const forbidden = '<display-notification><status><forbidden/></status></display-notification>'
    assert.deepEqual(parse(`<message-id>1</message-id>${forbidden}`), {
      messageId: '1',
      fate: undefined,
    })
    assert.equal(parse(forbidden), undefined)
    assert.equal(parse(`<message-id>${'1'.repeat(1025)}</message-id>`), undefined)
    assert.equal(parse('<message-id>'), undefined)
  })
})
