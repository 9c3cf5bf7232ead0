import { type Static, Type } from 'typebox'
import type { BareJid } from '../core/address.ts'
import type { Subscriptions } from '../core/presence/subscriptions.ts'

export const WatchRequestsBody = Type.Object({
  presentity: Type.String(),
  requests: Type.Array(Type.Object({ watcher: Type.String() })),
})

export async function watchRequestsBody(
  subscriptions: Subscriptions,
  presentity: BareJid,
): Promise<Static<typeof WatchRequestsBody>> {
  const waiting = await subscriptions.waiting(presentity)
  const watchers = waiting.map(({ watcher }) => watcher).sort()
  return { presentity, requests: watchers.map((watcher) => ({ watcher })) }
}
