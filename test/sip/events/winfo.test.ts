/** Watcher information (RFC 3857) about packages other than presence. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseWatcherInfo } from '../../../src/formats/watcherinfo.ts'
import { dialogPackage } from '../../../src/sip/events/dialog.ts'
import { messageSummaryPackage } from '../../../src/sip/events/message-summary.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { presenceWinfoPackage } from '../../../src/sip/events/presence-winfo.ts'
import { regPackage } from '../../../src/sip/events/reg.ts'
import { SubscriptionTable } from '../../../src/sip/events/subscription-table.ts'
import { WatcherStates } from '../../../src/sip/events/watcher-states.ts'
import { WATCHED_PACKAGES, WINFO_PACKAGES } from '../../../src/sip/events/winfo.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { setUp } from './notifier-rig.ts'
import { exchange, type RequestInit, settle, sipRequest } from './support.ts'

const PACKAGES = [presencePackage, presenceWinfoPackage, ...WATCHED_PACKAGES, ...WINFO_PACKAGES]

function setUpWinfo() {
  const clock = new FakeClock()
  const table = new SubscriptionTable({
    total: 100,
    perWatcher: 10,
    perPeer: 100,
    perTrustedPeer: 100,
  })
  const watcherStates = new WatcherStates({ clock, table }, presencePackage, ...WATCHED_PACKAGES)
  const rig = setUp({ clock, table, packages: PACKAGES, events: { watcherStates } })
  const subscribe = (init: RequestInit) => exchange(rig.notifier, sipRequest('SUBSCRIBE', init))
  rig.userAgent.answerAll = 200
  /** The last document of a package that was sent. */
  const told = async (name: string) => {
    await settle()
    const sent = rig.userAgent.sent.filter(({ request }) => request.headers.get('Event') === name)
    const [list] = parseWatcherInfo(sent.at(-1)?.request.body ?? '')
    const watchers = list?.watchers.map(({ uri, status, event: what }) => [uri, status, what])
    return { package: list?.package, watchers }
  }
  return { ...rig, subscribe, told }
}

const ALICE_ASKS = { from: '<sip:alice@example.com>;tag=a1' } as const
const event = (name: string) => ({ headers: [['Event', name] as [string, string]] })

describe('a winfo package (RFC 3857 §3)', () => {
  it('there is for every package that can be watched', () => {
    assert.deepEqual(
      WINFO_PACKAGES.map((one) => one.event),
      ['dialog.winfo', 'reg.winfo', 'message-summary.winfo'],
    )
    assert.deepEqual(WATCHED_PACKAGES, [dialogPackage, regPackage, messageSummaryPackage])
  })

  it('tells who watches, and when he has ended', async () => {
    const { told, subscribe, table, clock } = setUpWinfo()
    const watch = await subscribe({ ...ALICE_ASKS, ...event('dialog.winfo') })
    assert.equal(watch.status, 200)
    assert.deepEqual(await told('dialog.winfo'), { package: 'dialog', watchers: [] })
    await subscribe(event('dialog'))
    const bob = 'sip:bob@example.com'
    assert.deepEqual((await told('dialog.winfo')).watchers, [[bob, 'active', 'subscribe']])
    clock.advance(1)
    for (const subscription of [...table.dialogs()]) {
      if (subscription.package === dialogPackage) subscription.terminate('timeout')
    }
    assert.deepEqual((await told('dialog.winfo')).watchers, [[bob, 'terminated', 'timeout']])
  })

  it('does not mix packages: watchers of calls are none of presence', async () => {
    const { told, subscribe } = setUpWinfo()
    await subscribe(event('dialog'))
    await subscribe({ ...ALICE_ASKS, ...event('presence.winfo') })
    assert.deepEqual(await told('presence.winfo'), { package: 'presence', watchers: [] })
  })

  it('is for the user himself', async () => {
    const { subscribe } = setUpWinfo()
    for (const name of ['dialog.winfo', 'reg.winfo', 'message-summary.winfo']) {
      assert.equal((await subscribe(event(name))).status, 403)
    }
  })
})
