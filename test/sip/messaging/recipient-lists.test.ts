/** One MESSAGE for many: RFC 5365, with lists of RFC 5364 and RFC 4826. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DELIVERED, refused } from '../../../src/core/messaging/message.ts'
import { parseRecipientList } from '../../../src/formats/recipient-list.ts'
import { settle } from '../events/support.ts'
import { chat, crlf, handlerRig, phoneRig } from './support.ts'

const REQUIRE = ['Require', 'recipient-list-message'] as const

function listOf(...entries: string[]): string {
  return (
    '<?xml version="1.0"?><resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists" ' +
    `xmlns:cp="urn:ietf:params:xml:ns:copycontrol"><list>${entries.join('')}</list></resource-lists>`
  )
}

const entry = (uri: string, more = '') => `<entry uri="${uri}" ${more}/>`
const to = (uri: string) => entry(uri, 'cp:copyControl="to"')

function bodyOf(list: string, text = 'Content-Type: text/plain\n\nHello'): string {
  return crlf(`--b
${text}
--b
Content-Type: application/resource-lists+xml
Content-Disposition: recipient-list

${list}
--b--
`)
}

const INIT = { uri: 'sip:multicast.example.com', headers: [REQUIRE] }
const TYPE = 'multipart/mixed;boundary="b"'

describe('a MESSAGE to a list (RFC 5365 §7)', () => {
  test('is taken at once, and becomes one for each of them, who sees the others', async () => {
    const { message, sent } = handlerRig()
    const list = listOf(
      to('sip:alice@example.com'),
      entry('im:carol@example.com', 'cp:copyControl="cc"'),
      entry('sip:dave@example.com'),
      entry('sip:erin@elsewhere.example', 'cp:copyControl="to"'),
    )
    const tx = await message(bodyOf(list), TYPE, INIT)
    assert.equal(tx.status, 202)
    await settle()
    const shown = [
      { copy: 'to', address: 'alice@example.com' },
      { copy: 'cc', address: 'carol@example.com' },
      { copy: 'to', address: 'erin@elsewhere.example' },
    ]
    assert.deepEqual(
      sent.map((one) => [one.to.full, one.from.full, one.body, one.signals?.addressees]),
      [
        ['alice@example.com', 'bob@example.com', 'Hello', shown],
        ['carol@example.com', 'bob@example.com', 'Hello', shown],
        [
          'dave@example.com',
          'bob@example.com',
          'Hello',
          [...shown, { copy: 'bcc', address: 'dave@example.com' }],
        ],
        ['erin@elsewhere.example', 'bob@example.com', 'Hello', shown],
      ],
    )
  })

  test('counts those who are not to be named (RFC 5364 §4)', async () => {
    const { message, sent } = handlerRig()
    const hidden = 'cp:copyControl="to" cp:anonymize="true"'
    const list = listOf(
      to('sip:alice@example.com'),
      entry('sip:carol@example.com', hidden),
      entry('sip:dave@example.com', hidden),
      entry('sip:erin@example.com', 'cp:copyControl="bcc" cp:anonymize="true"'),
    )
    await message(bodyOf(list), TYPE, INIT)
    await settle()
    assert.deepEqual(sent[1]?.signals?.addressees, [
      { copy: 'to', address: 'alice@example.com' },
      { copy: 'to', address: '', anonymous: 2 },
    ])
  })

  test('goes once to each, by whatever URIs, as openly as the most open (RFC 5364 §4)', async () => {
    const { message, sent } = handlerRig()
    const list = listOf(
      entry('sip:alice@example.com'),
      entry('im:alice@example.com', 'cp:copyControl="cc"'),
      to('pres:alice@example.com'),
    )
    await message(bodyOf(list), TYPE, INIT)
    await settle()
    assert.equal(sent.length, 1)
    assert.deepEqual(sent[0]?.signals?.addressees, [{ copy: 'to', address: 'alice@example.com' }])
  })

  test('tells who asked whom it failed for (RFC 5438 §12.2)', async () => {
    const { message, sent } = handlerRig(refused('unreachable'))
    const text = `Content-Type: message/cpim

From: <im:bob@example.com>
NS: imdn <urn:ietf:params:imdn>
imdn.Message-ID: m1
imdn.Disposition-Notification: negative-delivery

Content-Type: text/plain

Hello`
    await message(bodyOf(listOf(to('sip:alice@example.com')), text), TYPE, INIT)
    await settle()
    assert.equal(sent[0]?.body, 'Hello')
    assert.equal(sent[0]?.signals?.list, 'sip:multicast.example.com')
    assert.deepEqual(sent[1]?.signals?.report, { fate: 'failed', id: 'm1' })
    assert.equal(sent[1]?.from.full, 'alice@example.com')
  })

  test('is for users alone, within a limit, and needs a list and a text', async () => {
    const { message, sent } = handlerRig()
    const one = bodyOf(listOf(to('sip:alice@example.com')))
    const by = (from: string) => message(one, TYPE, { ...INIT, from })
    assert.equal((await by('<sip:eve@elsewhere.example>;tag=1')).status, 403)
    assert.equal((await by('<sip:carol@example.com>;tag=1')).status, 403)
    const many = Array.from({ length: 5 }, (_, n) => to(`sip:user${n}@example.com`))
    assert.equal((await message(bodyOf(listOf(...many)), TYPE, INIT)).status, 403)
    assert.equal((await message(bodyOf(listOf()), TYPE, INIT)).status, 400)
    assert.equal((await message(bodyOf('<x/>'), TYPE, INIT)).status, 400)
    assert.equal((await message(bodyOf(listOf(entry(''))), TYPE, INIT)).status, 400)
    assert.equal((await message('no list', 'text/plain', INIT)).status, 400)
    const composing =
      '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>'
    const notice = `Content-Type: application/im-iscomposing+xml\n\n${composing}`
    const typing = bodyOf(listOf(to('sip:alice@example.com')), notice)
    assert.equal((await message(typing, TYPE, INIT)).status, 400)
    await settle()
    assert.equal(sent.length, 0)
  })

  test('goes to the service of a domain, and nowhere else', async () => {
    const { message } = handlerRig()
    const body = bodyOf(listOf(to('sip:alice@example.com')))
    const at = async (uri: string, headers: (readonly [string, string])[] = [REQUIRE]) =>
      (await message(body, TYPE, { uri, headers })).status
    assert.equal(await at('sip:example.com'), 202)
    assert.equal(await at('sip:multicast.example.com'), 202)
    assert.equal(await at('sip:alice@example.com'), 403)
    assert.equal(await at('sip:elsewhere.example'), 404)
    // §6: without Require it is no message to a list.
    assert.equal(await at('sip:multicast.example.com', []), 404)
  })

  test('waits where its sender has others under way', async () => {
    const { message } = handlerRig(new Promise(() => undefined))
    const body = bodyOf(listOf(to('sip:alice@example.com'), to('sip:carol@example.com')))
    for (let count = 0; count < 3; count += 1) {
      assert.equal((await message(body, TYPE, INIT)).status, 202)
    }
    const fourth = await message(body, TYPE, INIT)
    assert.deepEqual([fourth.status, fourth.header('Retry-After')], [503, '5'])
  })
})

describe('a phone among several recipients (RFC 5365 §7.3)', () => {
  const addressees = [
    { copy: 'to', address: 'bob@example.com' },
    { copy: 'cc', address: 'carol@example.com' },
    { copy: 'cc', address: 'tel:+15550100' },
    { copy: 'cc', address: 'mailto:dave@example.com' },
    { copy: 'to', address: '', anonymous: 2 },
  ] as const

  test('sees the others in a history, beside the text', async () => {
    const { userAgent, binding } = phoneRig()
    userAgent.answerAll = 200
    const list = 'sip:multicast.example.com'
    await binding.deliver(chat('Hi', { signals: { addressees, list, wants: ['delivered'] } }))
    const { request } = userAgent.last
    // RFC 5438 §8.
    assert.match(request.body.toString(), /imdn.Original-To: <sip:multicast.example.com>\r\n/)
    assert.match(
      request.headers.get('Content-Type') ?? '',
      /^multipart\/mixed;boundary="?[\w-]+"?$/,
    )
    const text = request.body.toString()
    assert.match(text, /Content-Type: message\/cpim\r\n\r\nFrom: /)
    assert.match(
      text,
      /Content-Type: application\/resource-lists\+xml\r\nContent-Disposition: recipient-list-history; handling=optional\r\n/,
    )
    assert.match(text, /<entry uri="sip:bob.b@example.com" cp:copyControl="to"\/>/)
    assert.match(text, /<entry uri="sip:carol@example.com" cp:copyControl="cc"\/>/)
    assert.match(text, /<entry uri="tel:\+15550100" cp:copyControl="cc"\/>/)
    assert.match(
      text,
      /<entry uri="sip:anonymous@anonymous.invalid" cp:copyControl="to" cp:count="2"\/>/,
    )
    assert.doesNotMatch(text, /mailto/)
  })

  test('that takes no multipart gets what it takes', async () => {
    const { userAgent, binding } = phoneRig()
    const outcome = binding.deliver(chat('Hi', { signals: { addressees, wants: ['delivered'] } }))
    const types: string[] = []
    for (const answer of [415, 488, 200]) {
      await settle()
      types.push(userAgent.last.request.headers.get('Content-Type')?.split(';', 1)[0] ?? '')
      await userAgent.last.answer(answer)
    }
    assert.deepEqual(types, ['multipart/mixed', 'message/cpim', 'text/plain'])
    assert.deepEqual(await outcome, DELIVERED)
  })
})

describe('a recipient list (RFC 5364 §4)', () => {
  test('is read flat, each URI once, blind where it does not say otherwise', () => {
    const nested = `<list name="more"><display-name>More</display-name>${to('sip:b@example.com')}</list>`
    const list = listOf(entry('sip:a@example.com'), nested, '<entry-ref ref="x"/>', '<external/>')
    assert.deepEqual(parseRecipientList(Buffer.from(list)), [
      { uri: 'sip:a@example.com', copy: 'bcc', anonymize: false },
      { uri: 'sip:b@example.com', copy: 'to', anonymize: false },
    ])
  })

  test('with a copy control that is none is malformed, beyond the limit too large', () => {
    const kindOf = (text: string) => {
      try {
        parseRecipientList(Buffer.from(text))
        return 'read'
      } catch (error) {
        return error instanceof Error && 'kind' in error ? error.kind : error
      }
    }
    assert.equal(kindOf(listOf(entry('sip:a@b', 'cp:copyControl="fcc"'))), 'malformed')
    assert.equal(kindOf('<!DOCTYPE x><x/>'), 'malformed')
    assert.equal(kindOf(listOf(' '.repeat(70_000))), 'too-large')
  })
})
