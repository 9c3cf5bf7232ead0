/** A notifier with everything around it in memory, and requests to it written short. */
import type { AccessControl } from '../../../src/core/presence/access/access-control.ts'
import type { AccessControlDeps } from '../../../src/core/presence/access/ports.ts'
import type { Action, NewRule } from '../../../src/core/presence/access/rule.ts'
import type { Fallback } from '../../../src/core/presence/access/rule-index.ts'
import type { Activity, SourceClass } from '../../../src/core/presence/observation.ts'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import type { EventDeps, EventPackage } from '../../../src/sip/events/event-package.ts'
import { Notifier } from '../../../src/sip/events/notifier.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { presenceWinfoPackage } from '../../../src/sip/events/presence-winfo.ts'
import type { Identify } from '../../../src/sip/events/resources.ts'
import type { SubscribeService } from '../../../src/sip/events/subscribe-service.ts'
import { SubscriptionKeeper } from '../../../src/sip/events/subscription-keeper.ts'
import { SubscriptionTable } from '../../../src/sip/events/subscription-table.ts'
import type { SubscriptionRecord } from '../../../src/storage/stores/sip-subscriptions.ts'
import { silentLog } from '../../../src/util/log.ts'
import { testAccess } from '../../support/access.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  ALICE,
  BOB,
  type Exchange,
  eventDeps,
  exchange,
  FakeUserAgent,
  identifyByFrom,
  MemoryStore,
  type RequestInit,
  resolveByUri,
  sipRequest,
} from './support.ts'

export interface Setup {
  /** Of the operator; without `packages`, none. */
  intervalMs?: number | 'packages'
  maxFailures?: number
  policy?: Fallback
  total?: number
  perWatcher?: number
  perPeer?: number
  pendingTimeoutMs?: number
  store?: MemoryStore<SubscriptionRecord>
  clock?: FakeClock
  grants?: AccessControlDeps['grants']
  access?: AccessControl
  events?: Partial<EventDeps>
  packages?: readonly EventPackage[]
  table?: SubscriptionTable
  services?: readonly SubscribeService[]
  identify?: Identify
}

export function setUp(setup: Setup = {}) {
  const { intervalMs = 0, maxFailures = 3, policy = 'allow', total = 100, perWatcher = 10 } = setup
  const { perPeer = 0, pendingTimeoutMs = 86_400_000 } = setup
  const clock = setup.clock ?? new FakeClock()
  const store = setup.store ?? new MemoryStore<SubscriptionRecord>()
  const access =
    setup.access ??
    testAccess({
      clock,
      sameSystem: policy,
      people: {
        isLocal: (domain) => domain === 'example.com',
        accountsWithAddressIn: async () => [],
      },
      ...(setup.grants && { grants: setup.grants }),
    })
  const presence = new PresenceService({ clock })
  const userAgent = new FakeUserAgent()
  const table =
    setup.table ?? new SubscriptionTable({ total, perWatcher, perPeer, perTrustedPeer: 0 })
  const events = eventDeps({ clock, presence, access, table, ...setup.events })
  const notifier = new Notifier({
    clock,
    log: silentLog,
    userAgent,
    identify: setup.identify ?? identifyByFrom,
    resolve: resolveByUri,
    packages: setup.packages ?? [presencePackage, presenceWinfoPackage],
    services: setup.services ?? [],
    events,
    keeper: new SubscriptionKeeper(store, silentLog),
    table,
    expires: { min: 60, default: 3600, max: 86_400 },
    pacing: { intervalMs: intervalMs === 'packages' ? undefined : intervalMs, maxFailures },
    pendingTimeoutMs,
  })
  const says = (activity: Activity, sourceClass: SourceClass = 'enterprise-im') =>
    presence.report({
      presentity: ALICE,
      source: `test/${sourceClass}`,
      observations: [
        {
          id: sourceClass,
          class: sourceClass,
          basic: 'open',
          activity,
          manual: false,
          since: clock.now(),
        },
      ],
      until: undefined,
    })
  const subscribe = (
    init: RequestInit = {},
    source?: Parameters<typeof exchange>[2],
    event = 'presence',
  ) =>
    exchange(
      notifier,
      sipRequest('SUBSCRIBE', { ...init, headers: [['Event', event], ...(init.headers ?? [])] }),
      source,
    )
  /** What alice says of bob, or of whom it is. */
  const rule = (action: Action, changes: Partial<NewRule> = {}) =>
    access.put({
      presentity: ALICE,
      watcher: BOB,
      level: 'All',
      enforced: false,
      refusesMessages: false,
      action,
      ...changes,
    })
  return {
    clock,
    store,
    events,
    presence,
    access,
    userAgent,
    table,
    notifier,
    says,
    rule,
    subscribe,
  }
}

export const EVENT: [string, string][] = [['Event', 'presence']]
export const STATE = 'Subscription-State'

/** The headers of a request inside the dialog that a SUBSCRIBE began. */
export function inDialog(begun: Exchange, cseq: number): RequestInit {
  return {
    to: begun.header('To') ?? '',
    callId: begun.request.headers.get('Call-ID') ?? '',
    cseq,
  }
}
