/**
 * Subscriptions on disk. Those that NOTIFYs reach without an open connection of the watcher's survive
 * a restart; a TCP or TLS client's do not: he connects again, and subscribes again (his refresh gets 481).
 * Where they shall be asked to, theirs are remembered, too.
 */
import { parseJid } from '../../core/address.ts'
import type {
  SubscriptionRecord,
  SubscriptionStore,
} from '../../storage/stores/sip-subscriptions.ts'
import type { Log } from '../../util/log.ts'
import { Dialog, type DialogSnapshot } from '../dialog/dialog.ts'
import { type AskedSnapshot, restoreAsked, snapshotOf } from './asked.ts'
import type { EventPackage } from './event-package.ts'
import type { SubscriptionStatus } from './notify.ts'
import type { Subscription } from './subscription.ts'
import type { SubscriptionInit } from './subscription-deps.ts'

/**
 * A NOTIFY's CSeq must never go back (RFC 3261 §12.2.2), and writing each one down would cost a
 * commit a NOTIFY. So every so many are written, and each run of the server counts on far above the
 * run before: a dialog that nothing was written of in between has been used in both.
 */
const CSEQ_SAVED_EVERY = 500
const CSEQ_GAP = 2 * CSEQ_SAVED_EVERY

interface Snapshot {
  readonly dialog: DialogSnapshot
  /** In which it was written. */
  readonly run?: number | undefined
  readonly eventId: string | undefined
  readonly entity: string
  readonly account: string | undefined
  readonly contentType: string
  readonly contact: string
  readonly asked?: AskedSnapshot | undefined
  /** The name of the `SubscribeService`. */
  readonly service?: string | undefined
  readonly peer: { readonly host: string; readonly port: number } | undefined
  /** It was reached by a connection of the watcher's, which no restart leaves. */
  readonly isConnected?: boolean
}

export interface Stored {
  readonly init: SubscriptionInit
  /** The name of who serves it, where it is not its package. */
  readonly service: string | undefined
  readonly isConnected: boolean
}

export class SubscriptionKeeper {
  readonly #store: SubscriptionStore
  readonly #log: Log
  readonly #remembersAll: boolean
  #lost: readonly SubscriptionInit[] = []
  #stopped = false
  #run = 0

  /** With `remembersAll`, also of subscriptions that cannot outlive a restart it is known then who had them. */
  constructor(store: SubscriptionStore, log: Log, remembersAll = false) {
    this.#store = store
    this.#log = log
    this.#remembersAll = remembersAll
  }

  /** Those that `load` has found, and that are over. */
  get lost(): readonly SubscriptionInit[] {
    return this.#lost
  }

  /** Resolves when it is committed, or at once where there is no point. */
  async save(subscription: Subscription): Promise<void> {
    if (!isDurable(subscription) && !this.#remembersAll) {
      // A refresh may have moved a subscription from UDP to a connection.
      if (subscription.storedCseq !== undefined) await this.#remove(subscription)
      return
    }
    subscription.storedCseq = subscription.dialog.localCseq
    subscription.storedStatus = storedStatus(subscription.status)
    await this.#store.put(toRecord(subscription, this.#run))
  }

  /** To be called after each NOTIFY. */
  notified(subscription: Subscription): void {
    const { storedCseq, dialog } = subscription
    if (storedCseq === undefined || dialog.localCseq - storedCseq < CSEQ_SAVED_EVERY) return
    this.#saveLater(subscription)
  }

  /** To be called when a subscription may have another status than the stored one. */
  decided(subscription: Subscription): void {
    const { storedCseq, storedStatus, status } = subscription
    if (storedCseq !== undefined && storedStatus !== status) this.#saveLater(subscription)
  }

  /** To be called when a subscription asks for something else. */
  modified(subscription: Subscription): void {
    if (subscription.storedCseq !== undefined) this.#saveLater(subscription)
  }

  forget(subscription: Subscription): void {
    if (subscription.storedCseq === undefined || this.#stopped) return
    // The next start deletes what has ended, and a watcher who knows nothing of it answers 481.
    this.#remove(subscription).catch((err: unknown) => {
      this.#log.warn({ what: 'sip_subscription_not_removed', err })
    })
  }

  /** What ends from now on, ends for a restart. */
  stop(): void {
    this.#stopped = true
  }

  /** One of `lost` is no matter any more. */
  async forgetLost({ id }: SubscriptionInit): Promise<void> {
    this.#lost = this.#lost.filter((one) => one.id !== id)
    await this.#store.remove(id)
  }

  async load(packages: readonly EventPackage[], now: number): Promise<Stored[]> {
    const found: Stored[] = []
    this.#run = await this.#store.nextRun(now)
    for (const record of await this.#store.load(now)) {
      const stored = fromRecord(record, packages, this.#run)
      if (stored) found.push(stored)
      else this.#log.warn({ what: 'sip_subscription_not_restored', id: record.id })
    }
    this.#lost = found.filter(({ isConnected }) => isConnected).map(({ init }) => init)
    return found.filter(({ isConnected }) => !isConnected)
  }

  #remove(subscription: Subscription): Promise<void> {
    subscription.storedCseq = undefined
    return this.#store.remove(subscription.id)
  }

  #saveLater(subscription: Subscription): void {
    this.save(subscription).catch((err: unknown) => {
      this.#log.warn({ what: 'sip_subscription_not_saved', err })
    })
  }
}

/** Reached by UDP, or through proxies or a Contact that can be connected to. */
export function isDurable({ peer }: Subscription): boolean {
  return peer === undefined || peer.transport === 'udp'
}

function storedStatus(status: SubscriptionStatus): 'pending' | 'active' {
  return status === 'pending' ? 'pending' : 'active'
}

function toRecord(subscription: Subscription, run: number): SubscriptionRecord {
  const { id, subject, eventId, contentType, contact, peer, dialog, asked } = subscription
  const snapshot: Snapshot = {
    dialog: dialog.snapshot(),
    run,
    eventId,
    entity: subject.entity,
    account: subject.watcher.account,
    contentType,
    contact,
    asked: asked && snapshotOf(asked),
    service: subscription.package.service?.name,
    peer: peer && { host: peer.host, port: peer.port },
    ...(!isDurable(subscription) && { isConnected: true }),
  }
  return {
    id,
    presentity: subject.presentity,
    watcher: subject.watcher.address,
    event: subscription.package.event,
    status: storedStatus(subscription.status),
    dialog: JSON.stringify(snapshot),
    createdAt: subscription.createdAt,
    expiresAt: subscription.expiresAt,
  }
}

function fromRecord(
  record: SubscriptionRecord,
  packages: readonly EventPackage[],
  run: number,
): Stored | undefined {
  const found = packages.find(({ event }) => event === record.event)
  const presentity = parseJid(record.presentity)?.bare
  const snapshot = parseSnapshot(record.dialog)
  if (!found || !presentity || !snapshot) return undefined
  const { eventId, entity, account, contentType, contact, asked, service, peer } = snapshot
  const runs = Math.max(1, run - (snapshot.run ?? run))
  const watcher = {
    address: record.watcher,
    account: account === undefined ? undefined : parseJid(account)?.bare,
    protocol: 'sip' as const,
  }
  const init: SubscriptionInit = {
    id: record.id,
    package: found,
    eventId,
    subject: { presentity, watcher, entity },
    contentType,
    asked: asked && restoreAsked(asked),
    createdAt: record.createdAt,
    dialog: Dialog.restore(snapshot.dialog, CSEQ_GAP * runs),
    contact,
    peer: peer && { transport: 'udp', ...peer },
    expiresAt: record.expiresAt,
    stored: record.status === 'pending' ? 'pending' : 'active',
  }
  return { init, service, isConnected: snapshot.isConnected === true }
}

/** Written by `toRecord` of this or an earlier version. */
function parseSnapshot(json: string): Snapshot | undefined {
  try {
    const snapshot = JSON.parse(json) as Partial<Snapshot> | null
    if (!snapshot?.dialog || !snapshot.entity || !snapshot.contentType || !snapshot.contact) {
      return undefined
    }
    return snapshot as Snapshot
  } catch {
    return undefined
  }
}
