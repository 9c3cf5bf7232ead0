/** Who is blocked with his messages (XEP-0191), where a document of RFC 5025 replaces rules: it knows presence alone. */
import { type NewRule, type Rule, ruleKey } from '../../core/presence/access/rule.ts'
import { PresRulesError } from './model.ts'

export function messageBlocksOf(rules: readonly Rule[]): Rule[] {
  return rules.filter(({ enforced, refusesMessages }) => !enforced && refusesMessages)
}

/**
 * The rules of a document with the blocks of messages that there are: who is blocked with his messages stays so, and a
 * document that lets him see anything is refused. Throws `PresRulesError` `unsupported`.
 */
export function withMessageBlocks(rules: readonly NewRule[], blocks: readonly Rule[]): NewRule[] {
  const keys = new Set(blocks.map(ruleKey))
  const kept = rules.map((rule) =>
    keys.has(ruleKey(rule)) && rule.action === 'block' ? { ...rule, refusesMessages: true } : rule,
  )
  const said = Map.groupBy(kept, ({ watcher }) => watcher)
  for (const { watcher, presentity } of blocks) {
    const about = said.get(watcher) ?? []
    if (about.length === 1 && about[0]?.refusesMessages) continue
    throw refusedLift(presentity, watcher)
  }
  return kept
}

function refusedLift(presentity: string, watcher: string): PresRulesError {
  const text = `${presentity} blocks messages of ${watcher}, too: unblock first (XEP-0191), or block in the document`
  return new PresRulesError('unsupported', text)
}
