/**
 * What SIPp is answered to requests that cannot be granted (RFC 3903 §6, RFC 6665 §4.2.1, RFC 3261 §8.2), over UDP and
 * TCP, and what becomes of subscriptions whose NOTIFY is refused, or not answered (RFC 6665 §4.2.2).
 */
import assert from 'node:assert/strict'
import { after, describe, it, type TestContext } from 'node:test'
import { startTestServer, type TestServer } from '../support/server.ts'
import { Sipp, type SippOptions } from './drivers/sipp.ts'
import { heliograph, PASSWORD, startWithPeople } from './people.ts'
import { type Asked, fillFor, REFUSED, REFUSED_HERE } from './sip-answers.ts'

/** As many as two cores run beside each other. */
const concurrency = 4
const TRANSPORTS = ['udp', 'tcp'] as const

const opened = new AsyncDisposableStack()
after(() => opened.disposeAsync())

/** Where everybody is believed. */
async function startTrusting(...options: string[]) {
  const all = ['sip.notifyInterval=0s', 'sip.trustedPeers=127.0.0.1', ...options]
  const server = await startTestServer({ args: all.flatMap((one) => ['--set', one]) })
  opened.use(server)
  heliograph(server, 'domain', 'add', 'example.com', '--sip-digest', 'md5')
  for (const name of ['alice', 'bob', 'carol']) {
    heliograph(server, 'user', 'add', `${name}@example.com`, '--password', PASSWORD)
  }
  heliograph(server, 'domain', 'add', 'west.example')
  heliograph(server, 'user', 'add', 'dave@west.example', '--password', PASSWORD)
  // One private number in two domains.
  heliograph(server, 'user', 'address', 'add', 'alice@example.com', 'sip', '100@example.com')
  heliograph(server, 'user', 'address', 'add', 'dave@west.example', 'sip', '100@west.example')
  return server
}

const server = await startTrusting('sip.maxMessageBytes=1024')
/** One NOTIFY that fails is enough there. */
const impatient = await startTrusting('sip.notifyFailures=1')

type Run = Partial<SippOptions> &
  Pick<SippOptions, 'scenario' | 'transport'> & { readonly at?: TestServer }

async function run(t: TestContext, { at = server, ...options }: Run) {
  const sipp = await Sipp.start({
    port: at.port(options.transport === 'udp' ? 'sipUdp' : 'sipTcp'),
    to: 'alice',
    user: 'bob',
    password: PASSWORD,
    keys: { domain: 'example.com' },
    ...options,
  })
  t.after(() => sipp[Symbol.asyncDispose]())
  return sipp
}

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, { concurrency }, () => {
    for (const [what, asked] of Object.entries({ ...REFUSED, ...REFUSED_HERE })) {
      it(`${what} gets ${asked.status} (${asked.why})`, async (t) => {
        await (await run(t, { scenario: 'answer', transport, fill: fillFor(asked) })).done()
      })
    }

    it('a publication has a new entity-tag each time that it is refreshed, modified and removed (RFC 3903 §4)', async (t) => {
      // Nobody watches her: who is told of it would be told between his own requests.
      await (
        await run(t, { scenario: 'publish-life', transport, user: 'carol', to: 'carol' })
      ).done()
    })

    it('a subscription is refreshed, not by an older CSeq (500), and ended (RFC 6665 §4.2.1)', async (t) => {
      await (await run(t, { scenario: 'subscribe-life', transport })).done()
    })

    it('a NOTIFY that is answered 481 ends the subscription (RFC 6665 §4.2.2)', async (t) => {
      await (await run(t, { scenario: 'notify-481', transport })).done()
    })

    it('a NOTIFY that is answered 503 is sent again when Retry-After is over (RFC 3261 §21.5.4)', async (t) => {
      await (await run(t, { scenario: 'notify-503', transport })).done()
    })

    it('a NOTIFY that nobody answers ends the subscription (RFC 6665 §4.2.2)', async (t) => {
      const options = { scenario: 'notify-unanswered', transport, deadlineMs: 60_000 }
      await (await run(t, { ...options, at: impatient })).done()
    })
  })
}

describe('who is not trusted', { concurrency }, () => {
  const unproven: Readonly<Record<string, Asked & { readonly user?: string }>> = {
    'SUBSCRIBE without a proof': {
      method: 'SUBSCRIBE',
      headers: ['Event: presence', 'Expires: 600'],
      status: 401,
      says: 'WWW-Authenticate: Digest .*realm=.example.com',
      why: 'RFC 3261 §22.2',
    },
    'PUBLISH without a proof': {
      method: 'PUBLISH',
      headers: ['Event: presence', 'Expires: 600', 'Content-Type: application/pidf+xml'],
      body: '<presence/>',
      status: 401,
      says: 'WWW-Authenticate: Digest ',
      why: 'RFC 3261 §22.2',
    },
  }
  for (const transport of TRANSPORTS) {
    it(`proves himself, and publishes for himself alone, over ${transport}`, async (t) => {
      const strict = await startWithPeople(t, ['alice', 'bob'])
      for (const asked of Object.values(unproven)) {
        await (
          await run(t, { scenario: 'answer', transport, at: strict, fill: fillFor(asked) })
        ).done()
      }
      const forAnother = { scenario: 'publish', transport, at: strict, user: 'bob', to: 'alice' }
      assert.equal(await (await run(t, forAnother)).outcome(), '403 instead of 200')
    })
  }
})
