/** What each live watcher of a person is not shown, and why. */
import type { BareJid } from '../core/address.ts'
import type { LiveWatch } from '../core/presence/watchers.ts'
import { accessBody, reasonBody } from './access-body.ts'
import type { ExplainBody } from './explain-schema.ts'
import type { Services } from './services.ts'

/** The rest is a number: who wants to know about one of them asks for his view. */
const MAX_EXPLAINED = 100

export async function explainWatchers(
  services: Services,
  account: BareJid,
): Promise<Pick<ExplainBody, 'watchers' | 'watchersTotal'>> {
  const watches = await services.watchers.watched(account)
  const explained = watches.slice(0, MAX_EXPLAINED).map((watch) => explainWatch(services, watch))
  return { watchers: await Promise.all(explained), watchersTotal: watches.length }
}

async function explainWatch(
  { access: control }: Services,
  watch: LiveWatch,
): Promise<ExplainBody['watchers'][number]> {
  const watcher = control.watcher(watch.watcher, watch.protocol)
  const { access, reasons } = await control.explain(watch.presentity, watcher)
  const { decision, visible } = accessBody(access, reasons)
  const hidden = reasons.filter((reason) => !access.visible.sees(reason.class)).map(reasonBody)
  return { ...watch, decision, visible, hidden }
}
