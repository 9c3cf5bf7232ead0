/**
 * Every event package besides presence, and REFER, as SIPp sees them: what is taken, and each way to be
 * refused (RFC 6665 §4.2.1.1, RFC 3903 §6, RFC 3515 §2.4.2), over UDP and TCP.
 */
import { describe, it, type TestContext } from 'node:test'
import type { TestServer } from '../support/server.ts'
import { Sipp } from './drivers/sipp.ts'
import { PASSWORD, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp' } as const
type Transport = keyof typeof LISTENERS

interface Package {
  readonly event: string
  readonly type: string
  /** In the first NOTIFY. */
  readonly first: RegExp
  /** What is published, and shows in the next. */
  readonly document?: string
  readonly expected: RegExp
  /** Where others than the user himself may watch. */
  readonly isOpen: boolean
}

const PACKAGES: readonly Package[] = [
  {
    event: 'dialog', // RFC 4235
    type: 'application/dialog-info+xml',
    first: /Content-Type: application\/dialog-info\+xml[\s\S]*state="full"/,
    document:
      '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="sip:alice@example.com">' +
      '<dialog id="d1" call-id="c1"><state>confirmed</state></dialog></dialog-info>',
    expected: /state="partial"[\s\S]*call-id="c1"/,
    isOpen: true,
  },
  {
    event: 'message-summary', // RFC 3842
    type: 'application/simple-message-summary',
    first: /Content-Type: application\/simple-message-summary[\s\S]*Messages-Waiting: no/,
    document: 'Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n',
    expected: /NOTIFY [\s\S]*Voice-Message: 2\/8/,
    isOpen: false,
  },
  {
    event: 'reg', // RFC 3680
    type: 'application/reginfo+xml',
    first: /Content-Type: application\/reginfo\+xml[\s\S]*state="init"/,
    expected: /event="registered"/,
    isOpen: false,
  },
]

interface Refusal {
  readonly why: string
  readonly status: number
  readonly method: 'SUBSCRIBE' | 'PUBLISH' | 'REFER'
  readonly to?: string
  readonly totag?: string
  readonly fields: string
  readonly document?: string | undefined
}

type Row = (why: string, status: number, fields: string, more?: Partial<Refusal>) => Refusal

function refusalsOf({ event, type, document, isOpen }: Package): Refusal[] {
  const subscribe: Row = (why, status, fields, more = {}) => ({
    ...{ why, status, method: 'SUBSCRIBE', fields: `Event: ${event}${fields}` },
    ...more,
  })
  const subscribes: Refusal[] = [
    subscribe('Accept has nothing of ours', 406, '\r\nAccept: text/plain'),
    subscribe('it is too brief', 423, '\r\nExpires: 5'),
    subscribe('Expires is no number', 400, '\r\nExpires: soon'),
    subscribe('there is no such dialog', 481, '', { totag: ';tag=nobody' }),
    subscribe('there is nobody of that name', 404, '', { to: 'nobody' }),
    subscribe('it has a body', 415, '\r\nContent-Type: text/plain', { document: 'Hello' }),
    subscribe('an extension is unknown', 420, '\r\nRequire: telepathy'),
    ...(isOpen ? [] : [subscribe('it is about somebody else', 403, '', { to: 'bob' })]),
  ]
  if (document === undefined) return subscribes
  const publish: Row = (why, status, fields, more = {}) => ({
    ...{ why, status, method: 'PUBLISH', document },
    fields: `Event: ${event}\r\nContent-Type: ${type}${fields}`,
    ...more,
  })
  return [
    ...subscribes,
    publish('there is no such entity-tag', 412, '\r\nSIP-If-Match: nothing'),
    publish('it is too brief', 423, '\r\nExpires: 5'),
    publish('it is about somebody else', 403, '', { to: 'bob' }),
    publish('there is nobody of that name', 404, '', { to: 'nobody' }),
    publish('it is nothing that can be read', 400, '', { document: 'Hello' }),
    { ...publish('it has no body', 400, ''), document: undefined, fields: `Event: ${event}` },
    publish('it is of another type', 415, '', {
      fields: `Event: ${event}\r\nContent-Type: text/plain`,
    }),
  ]
}

const OTHERS: readonly Refusal[] = [
  { why: 'there is no such package', status: 489, method: 'SUBSCRIBE', fields: 'Event: telepathy' },
  {
    why: 'there is no such package',
    status: 489,
    method: 'PUBLISH',
    fields: 'Event: telepathy\r\nContent-Type: text/plain',
    document: 'Hello',
  },
  { why: 'nobody has sent a REFER', status: 403, method: 'SUBSCRIBE', fields: 'Event: refer' },
  {
    why: 'one of the calls of somebody else is asked for',
    status: 403,
    method: 'SUBSCRIBE',
    to: 'bob',
    fields: 'Event: dialog;call-id="c1"',
  },
  {
    why: 'tags are asked for without a Call-ID',
    status: 400,
    method: 'SUBSCRIBE',
    fields: 'Event: dialog;to-tag=x',
  },
  { why: 'there is no Refer-To', status: 400, method: 'REFER', fields: 'Subject: Hello' },
  {
    why: 'it would be a call',
    status: 603,
    method: 'REFER',
    fields: 'Refer-To: <sip:bob@example.com>',
  },
  {
    why: 'it is within a dialog',
    status: 403,
    method: 'REFER',
    totag: ';tag=x',
    fields: 'Refer-To: <sip:bob@example.com;method=MESSAGE?body=Hi>',
  },
]

function sippOn(t: TestContext, server: TestServer, transport: Transport) {
  return async (scenario: string, to: string, keys: Record<string, string>, user = 'alice') => {
    const sipp = await Sipp.start({
      ...{ scenario, transport, to, user, password: PASSWORD },
      port: server.port(LISTENERS[transport]),
      keys: { domain: 'example.com', ...keys },
    })
    t.after(() => sipp[Symbol.asyncDispose]())
    return sipp
  }
}

/** So many SIPps at a time. */
const AT_ONCE = 4

for (const transport of ['udp', 'tcp'] as const) {
  describe(`SIPp over ${transport}`, () => {
    for (const { event, type, first, document, expected } of PACKAGES) {
      it(`watches ${event}, and what is published of it`, async (t) => {
        const server = await startWithPeople(t, ['alice', 'bob'])
        const run = sippOn(t, server, transport)
        const watch = await run('package-subscribe', 'alice', { event, accept: type })
        await watch.saw(first)
        const source =
          document === undefined
            ? await run('register-digest', 'alice', {})
            : await run('package-publish', 'alice', { event, type, document })
        await source.done()
        await watch.done()
        await watch.saw(expected)
      })
    }

    it('is refused as the tables say', async (t) => {
      const server = await startWithPeople(t, ['alice', 'bob'])
      const run = sippOn(t, server, transport)
      const rows = [...PACKAGES.flatMap(refusalsOf), ...OTHERS]
      const next = async (): Promise<void> => {
        const row = rows.shift()
        if (!row) return
        const { why, status, method, to = 'alice', totag = '', fields, document } = row
        const scenario = `refused-${method.toLowerCase()}${document === undefined ? '' : '-body'}`
        const keys = { totag, asks: fields, ...(document && { document }) }
        const sipp = await run(scenario, to, keys)
        const answered = sipp.done().then(() => sipp.saw(new RegExp(`^SIP/2.0 ${status} `, 'm')))
        await answered.catch((error: unknown) => {
          throw new Error(`${method} ${fields}: ${why}`, { cause: error })
        })
        await next()
      }
      await Promise.all(Array.from({ length: AT_ONCE }, next))
    })

    it('has a message sent by REFER (RFC 3515), and is told what became of it', async (t) => {
      const server = await startWithPeople(t, ['alice', 'bob'])
      const run = sippOn(t, server, transport)
      const message = (to: string) => `<sip:${to}@example.com;method=MESSAGE?body=Hello>`
      for (const [to, outcome] of [
        ['bob', /^SIP\/2\.0 202 Accepted\r?$/m],
        ['nobody', /^SIP\/2\.0 404 Not Found\r?$/m],
      ] as const) {
        const refer = await run('refer', 'alice', { target: message(to) })
        await refer.done()
        await refer.saw(outcome)
      }
    })
  })
}
