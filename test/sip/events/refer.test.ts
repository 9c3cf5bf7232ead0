/** The `refer` event package (RFC 3515 §3). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { referPackage } from '../../../src/sip/events/refer.ts'
import type { Subscription } from '../../../src/sip/events/subscription.ts'
import { eventsAt, Refers } from '../../../src/sip/refer/refers.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ALICE, BOB, eventDeps } from './support.ts'

const watcher = (account: typeof ALICE) => ({ address: account, account, protocol: 'sip' as const })
const CONTACT = 'sip:192.0.2.1:5060;transport=tcp'

function isRefused(error: unknown): boolean {
  return error instanceof SipError && error.status === 403
}

describe('the refer package (RFC 3515 §2.4.4)', () => {
  it('is for nobody who has sent no REFER', () => {
    assert.throws(() => referPackage.authorize(), isRefused)
  })

  it('is found at a URI that nobody guesses, by whoever was given it (RFC 7614 §4.3, §4.5)', async () => {
    const clock = new FakeClock()
    const refers = new Refers(clock)
    const refer = refers.open(ALICE)
    const at = eventsAt(refer, CONTACT)
    assert.match(at, /^sip:refer-[0-9a-f]{36}@192\.0\.2\.1:5060;transport=tcp$/)
    const entity = at.replace(/:5060.*$/, '')
    const wanted = { package: referPackage, entity, asked: undefined }
    const served = await refers.claim({ ...wanted, watcher: watcher(ALICE) })
    assert.equal(served?.presentity, ALICE)
    await assert.rejects(refers.claim({ ...wanted, watcher: watcher(BOB) }), isRefused)
    const other = { ...wanted, entity: 'sip:refer-0@192.0.2.1', watcher: watcher(ALICE) }
    await assert.rejects(refers.claim(other), isRefused)
  })

  it('tells what became of it, and is there for 64 seconds more (RFC 7614 §4.7)', async () => {
    const clock = new FakeClock()
    const refers = new Refers(clock)
    const refer = refers.open(ALICE)
    const entity = `sip:refer-${refer.token}@192.0.2.1`
    const served = refers.serve(refer)
    const subject = { presentity: ALICE, watcher: watcher(ALICE), entity }
    const render = () => {
      const { body, ends } = Object(served.package.render(eventDeps(), subject, Object()))
      return [String(body), ends]
    }
    const ended: string[] = []
    const subscription: Pick<Subscription, 'terminate' | 'entity'> = {
      entity,
      terminate: (reason) => ended.push(reason),
    }
    served.begin(Object(subscription), Object())
    assert.deepEqual(render(), ['SIP/2.0 100 Trying\r\n', undefined])
    refers.close(refer, { status: 202, reason: 'Accepted' })
    assert.deepEqual(ended, ['noresource'])
    assert.deepEqual(render(), ['SIP/2.0 202 Accepted\r\n', 'noresource'])
    clock.advance(63_999)
    const wanted = { package: referPackage, entity, asked: undefined, watcher: watcher(ALICE) }
    assert.ok(await refers.claim(wanted))
    clock.advance(1)
    await assert.rejects(refers.claim(wanted), isRefused)
    assert.equal(await refers.restore(), undefined)
  })

  it('keeps no more than a thousand', () => {
    const refers = new Refers(new FakeClock())
    for (let at = 0; at < 1_000; at += 1) refers.open(ALICE)
    assert.throws(
      () => refers.open(BOB),
      (error) => error instanceof SipError && error.status === 503,
    )
  })
})
