/** A presentity's whole policy as a document of RFC 5025, where he publishes one: docs/adr/0010-presence-wauth.md. */
import type { BareJid } from '../../core/address.ts'
import type { NewRule } from '../../core/presence/access/rule.ts'
import { PresRulesError } from '../../formats/pres-rules/model.ts'
import { readPolicy } from '../../formats/pres-rules/policy.ts'
import { SipError } from '../errors.ts'
import type { EventDeps } from './event-package.ts'

const MAX_WARNING = 200

/** Replaces all of his own rules. Throws `SipError` 400 or 413, and nothing is changed then. */
export async function applyAuthPolicy(
  deps: Pick<EventDeps, 'access' | 'people'>,
  presentity: BareJid,
  body: Buffer,
): Promise<void> {
  const { access } = deps
  const rules = await read(deps, presentity, body)
  const own = { presentity, enforced: false }
  // RFC 5025 knows presence alone: whom he blocks with his messages (XEP-0191) he blocks on.
  const blocked = new Set(
    access.rules({ ...own, refusesMessages: true }).map(({ watcher }) => watcher),
  )
  if (rules.some(({ watcher, action }) => blocked.has(watcher) && action !== 'block')) {
    throw new SipError(400, 'A Watcher Is on the Block List')
  }
  await access.replace({
    remove: [{ ...own, refusesMessages: false }],
    put: rules.filter(({ watcher }) => !blocked.has(watcher)),
  })
}

async function read(
  deps: Pick<EventDeps, 'access' | 'people'>,
  presentity: BareJid,
  body: Buffer,
): Promise<NewRule[]> {
  try {
    return await readPolicy(deps, presentity, body)
  } catch (error) {
    if (!(error instanceof PresRulesError)) throw error
    const reason = error.kind === 'unsupported' ? 'Policy Cannot Be Kept' : 'Bad Policy'
    // The document's error is for its author: RFC 3261 §20.43, code 399.
    const text = error.message.slice(0, MAX_WARNING).replace(/["\\\r\n]/g, ' ')
    throw new SipError(error.kind === 'too-large' ? 413 : 400, reason, [
      ['Warning', `399 heliograph "${text}"`],
    ])
  }
}
