/**
 * A user's own access rules as a document of RFC 5025, and back. Rules and documents say the same in
 * different ways (docs/adr/0009-pres-rules.md): as long as the rules are those that the document made,
 * it is shown as it was put; else the rules are written down anew.
 */
import { createHash } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import { AccessError } from '../../core/presence/access/access-error.ts'
import { ruleKey } from '../../core/presence/access/rule.ts'
import type { Directory } from '../../directory/directory.ts'
import { messageBlocksOf, withMessageBlocks } from '../../formats/pres-rules/message-blocks.ts'
import { PresRulesError } from '../../formats/pres-rules/model.ts'
import { readPolicy, renderPolicy } from '../../formats/pres-rules/policy.ts'
import { compareText } from '../../util/compare-text.ts'
import type { Candidate, SharedDocument } from '../application-usage.ts'
import { type Conflict, conflict, type PlainCondition } from '../xcap-refusal.ts'

export interface SharedPolicyDeps {
  readonly access: AccessControl
  readonly directory: Pick<Directory, 'isLocal' | 'resolve'>
}

export interface PolicyDocument {
  readonly name: string
  /** The document in the words of RFC 5025 alone. Throws `Conflict`. */
  plain(candidate: Candidate): string | Promise<string>
}

const CONDITIONS: Readonly<Record<PresRulesError['kind'], PlainCondition>> = {
  'not-well-formed': 'not-well-formed',
  schema: 'schema-validation-error',
  unsupported: 'constraint-failure',
  'too-large': 'constraint-failure',
}

export function sharedPolicy(
  { access, directory }: SharedPolicyDeps,
  { name, plain }: PolicyDocument,
): SharedDocument {
  const policy = { access, people: directory }
  return {
    name,

    async show(account, kept) {
      if (kept && kept.mark === markOf(access, account)) return kept.text
      const rules = access.rules({ presentity: account, enforced: false })
      if (!kept && rules.length === 0) return undefined
      return refusing(async () => renderPolicy(policy, account, rules))
    },

    async apply(candidate) {
      const { account } = candidate
      const text = await plain(candidate)
      await refusing(async () => {
        const said = await readPolicy(policy, account, Buffer.from(text))
        const blocks = messageBlocksOf(access.rules({ presentity: account }))
        const put = withMessageBlocks(said, blocks)
        await access.replace({ remove: [{ presentity: account, enforced: false }], put })
      })
      return markOf(access, account)
    },

    async clear(presentity) {
      // RFC 5025 knows presence alone: whom he blocks with his messages (XEP-0191) he blocks on.
      await access.removeAll({ presentity, enforced: false, refusesMessages: false })
    },

    watch: (changed) =>
      access.onChange(({ presentity }) => {
        if (presentity !== undefined) changed(presentity)
      }),
  }
}

/** Equal for equal rules. */
function markOf(access: AccessControl, account: BareJid): string {
  const rules = access
    .rules({ presentity: account, enforced: false })
    .map((rule) => `${ruleKey(rule)}\n${rule.action}\n${rule.refusesMessages}`)
    .sort(compareText)
  return createHash('sha256').update(JSON.stringify(rules)).digest('base64url')
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refusalOf(error) ?? error
  }
}

function refusalOf(error: unknown): Conflict | undefined {
  if (error instanceof PresRulesError) return conflict(CONDITIONS[error.kind], error.message)
  if (error instanceof AccessError) return conflict('constraint-failure', error.message)
  return undefined
}
