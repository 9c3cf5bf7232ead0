/**
 * XEP-0191: Blocking Command. The block list is no list of its own: it is those of the user's own
 * access rules that refuse messages too, so that every protocol keeps to it. Why so:
 * docs/adr/0011-blocking.md. What a block does is done where stanzas pass: `../blocking/blocked.ts`.
 */
import type { BareJid } from '../../core/address.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import { AccessError } from '../../core/presence/access/access-error.ts'
import { ALL_LEVEL } from '../../core/presence/access/access-level.ts'
import type { NewRule } from '../../core/presence/access/rule.ts'
import { BlockListPushes } from '../blocking/block-list-pushes.ts'
import {
  blockListElement,
  jidOfPattern,
  NS_BLOCKING,
  NS_REPORTING,
  parseItems,
} from '../blocking/block-list-stanza.ts'
import { forbidden, notAcceptable, resourceConstraint } from '../errors.ts'
import { type IqRequest, requireSession } from '../iq/iq-handlers.ts'
import { defineModule, type ModuleContext } from '../module.ts'

export const blocking = defineModule({
  name: 'blocking',
  specs: [
    { xep: 191, version: '1.3', status: 'partial' }, // no JIDs with a resource (§5 of the XEP)
    { xep: 377, version: '0.4.1', status: 'partial' }, // reports are logged, none is passed on
  ],
  features: [NS_BLOCKING, NS_REPORTING],

  setup(context) {
    const { iq, access, sessions } = context
    const pushes = new BlockListPushes({
      sessions,
      blocked: (account) => blockedBy(access, account),
    })

    iq.account.get(NS_BLOCKING, 'blocklist', (request) => {
      requireOwner(request)
      const list = blockedBy(access, request.to)
      requireSession(request).blockList = list
      return blockListElement(list)
    })
    iq.account.set(NS_BLOCKING, 'block', async (request) => {
      requireOwner(request)
      await block(context, request)
      return undefined
    })
    iq.account.set(NS_BLOCKING, 'unblock', async (request) => {
      requireOwner(request)
      await unblock(context, pushes, request)
      return undefined
    })
    return access.onChange(({ presentity }) => {
      if (presentity !== undefined) pushes.changed(presentity)
    })
  },
})

/** Nobody reads or changes another's list. */
function requireOwner({ from, to }: IqRequest): void {
  if (from.bare !== to) throw forbidden()
}

/** The addresses that a user has blocked. */
export function blockedBy(access: AccessControl, account: BareJid): ReadonlySet<string> {
  const jids = access.rules(ruleFilter(account)).map(({ watcher }) => jidOfPattern(watcher))
  return new Set(jids.filter((jid) => jid !== undefined))
}

async function block({ access, log }: ModuleContext, { to, payload }: IqRequest): Promise<void> {
  const items = parseItems(payload, 'some')
  const rules = items.map(({ pattern }) => blockRule(to, pattern))
  await access.putAll(rules).catch(refuse)
  for (const { pattern, report } of items) {
    // XEP-0377 §5: what becomes of a report is the service's to say; here its operators read it.
    if (report) log.warn({ what: 'xmpp_abuse_reported', account: to, address: pattern, ...report })
  }
}

async function unblock(
  { access }: ModuleContext,
  pushes: BlockListPushes,
  { to, payload }: IqRequest,
): Promise<void> {
  const items = parseItems(payload, 'any')
  if (items.length === 0) {
    await pushes.clearing(to, () => access.removeAll(ruleFilter(to)))
    return
  }
  const remove = items.map(({ pattern }) => ({ ...ruleFilter(to), watcher: pattern }))
  await access.replace({ remove, put: [] })
}

function ruleFilter(account: BareJid) {
  return { presentity: account, enforced: false, refusesMessages: true } as const
}

function blockRule(account: BareJid, pattern: string): NewRule {
  return { ...ruleFilter(account), watcher: pattern, level: ALL_LEVEL.name, action: 'block' }
}

function refuse(error: unknown): never {
  if (!(error instanceof AccessError)) throw error
  if (error.code === 'TOO_MANY_RULES') throw resourceConstraint('the block list is full')
  throw notAcceptable(error.message)
}
