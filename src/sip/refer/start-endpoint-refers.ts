/** Who is asked to subscribe again, and from when on (`sip.refer`). */
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { People } from '../events/event-package.ts'
import { presencePackage } from '../events/presence.ts'
import { RESTORE_DELAY_MS } from '../events/restoration.ts'
import { Subscription } from '../events/subscription.ts'
import type { SubscriptionInit } from '../events/subscription-deps.ts'
import type { SubscriptionKeeper } from '../events/subscription-keeper.ts'
import type { SubscriptionTable } from '../events/subscription-table.ts'
import type { Watch } from '../events/watch.ts'
import { sipUriOf } from '../messaging/outgoing.ts'
import type { Binding } from '../registrar/binding.ts'
import type { Bindings } from '../registrar/bindings.ts'
import type { SipUserAgent } from '../user-agent.ts'
import { type Call, EndpointRefers } from './endpoint-refers.ts'

export interface EndpointParts {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Pick<People, 'primaryUri'>
  readonly userAgent: SipUserAgent
  readonly keeper: SubscriptionKeeper
  readonly table: SubscriptionTable
  readonly bindings: Bindings
}

export interface EndpointOptions {
  readonly atStart: 'off' | 'lost' | 'all'
  readonly perSecond: number
  readonly redirect: string | undefined
}

/** To be called when what is stored is loaded; disposing of the answer ends it. */
export async function startEndpointRefers(
  { atStart, ...options }: EndpointOptions,
  parts: EndpointParts,
): Promise<Disposable> {
  const { keeper, bindings, userAgent } = parts
  const refers = new EndpointRefers({ ...parts, ...options })
  const lost = keeper.lost.map((init) => callOfLost(init, parts))
  if (atStart === 'off') {
    // Remembered before the option was taken back.
    for (const call of lost) call.done()
    return refers
  }
  userAgent.handle('NOTIFY', (tx) => refers.notified(tx))
  const registered =
    atStart === 'all'
      ? await Promise.all([...bindings.all()].map((binding) => callOfBinding(binding, parts)))
      : []
  refers.ask([...lost, ...registered], RESTORE_DELAY_MS)
  return refers
}

function callOfLost(init: SubscriptionInit, { keeper, table, log }: EndpointParts): Call {
  const { dialog, subject, package: pkg } = init
  const { remoteTarget: target, routeSet: routes, remoteParty: watcher } = dialog
  return {
    ...{ target, routes, watcher, entity: subject.entity, event: pkg.event },
    peer: undefined,
    isBack: () => table.of(subject.presentity).some((watch) => isAgain(watch, init)),
    done: () => {
      keeper.forgetLost(init).catch((err: unknown) => {
        // It is asked once more at the next start.
        log.warn({ what: 'sip_lost_subscription_not_removed', err })
      })
    },
  }
}

async function callOfBinding(
  { account, state }: Binding,
  { directory }: EndpointParts,
): Promise<Call> {
  const entity = (await directory.primaryUri(account, 'sip')) ?? sipUriOf(account)
  return {
    ...{ target: state.contact, routes: state.path, peer: state.peer },
    ...{ watcher: `<${entity}>`, entity, event: presencePackage.event },
    isBack: () => false,
    done: () => undefined,
  }
}

/** The same client has subscribed to the same once more. */
function isAgain(watch: Watch, { dialog, package: pkg }: SubscriptionInit): boolean {
  if (!(watch instanceof Subscription) || watch.package.event !== pkg.event) return false
  return watch.dialog.remoteTarget === dialog.remoteTarget
}
