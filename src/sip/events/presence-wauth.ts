/**
 * PUBLISH of `presence.wauth`: a presentity decides about his watchers, most often about those that
 * `presence.winfo` told him of. Format and reasons: docs/adr/0010-presence-wauth.md.
 */
import { type BareJid, parseJid } from '../../core/address.ts'
import { AccessError } from '../../core/presence/access/access-error.ts'
import { ALL_LEVEL } from '../../core/presence/access/access-level.ts'
import { AUTH_POLICY } from '../../formats/pres-rules/model.ts'
import {
  parseWatcherInfo,
  type ReadWatcher,
  WATCHERINFO,
  WatcherInfoError,
} from '../../formats/watcherinfo.ts'
import { SipError } from '../errors.ts'
import { applyAuthPolicy } from './auth-policy.ts'
import { type Command, defineCommandPackage, type EventDeps } from './event-package.ts'
import { presencePackage } from './presence.ts'
import { addressIn } from './resources.ts'

interface Decision {
  readonly action: 'allow' | 'block' | 'confirm'
  readonly level: string
}

export const presenceWauthPackage = defineCommandPackage({
  event: 'presence.wauth',
  specs: ['RFC 5025'],
  contentTypes: [WATCHERINFO, AUTH_POLICY],

  async perform(deps, command) {
    const { presentity, contentType, body } = command
    try {
      if (contentType === AUTH_POLICY) {
        await applyAuthPolicy(deps, presentity, body)
        return
      }
      const decisions = await readDecisions(deps, command)
      for (const [watcher, decision] of decisions) {
        await deps.access.answer(presentity, watcher, decision)
      }
    } catch (error) {
      throw refusalOf(error)
    }
  },
})

/** All of them, or the error of one: half of what somebody decided is not what he decided. */
async function readDecisions(
  deps: EventDeps,
  { presentity, body }: Command,
): Promise<Map<string, Decision>> {
  const decisions = new Map<string, Decision>()
  for (const { resource, package: event, watchers } of parse(body)) {
    if ((event ?? presencePackage.event) !== presencePackage.event) continue
    if (resource !== undefined && (await watcherAt(deps, resource)) !== presentity) {
      throw new SipError(400, 'List Is about Somebody Else')
    }
    for (const read of watchers) {
      const decision = decisionOf(deps, read)
      const watcher = await watcherAt(deps, read.uri)
      // He may be in his own list of watchers.
      if (!decision || watcher === presentity) continue
      decisions.set(watcher, merge(decisions.get(watcher), decision))
    }
  }
  return decisions
}

function parse(body: Buffer) {
  try {
    return parseWatcherInfo(body)
  } catch (error) {
    if (!(error instanceof WatcherInfoError)) throw error
    throw new SipError(error.kind === 'too-large' ? 413 : 400, 'Bad Watcher Information')
  }
}

/** A watcher who gave up, or whose time was over, was not decided about. */
function decisionOf({ access }: EventDeps, read: ReadWatcher): Decision | undefined {
  const { status, event, level = ALL_LEVEL.name } = read
  const action = actionOf(status, event)
  if (!action) return undefined
  try {
    return { action, level: access.level(level).name }
  } catch (error) {
    throw refusalOf(error)
  }
}

function actionOf(
  status: ReadWatcher['status'],
  event: ReadWatcher['event'],
): Decision['action'] | undefined {
  switch (status) {
    case 'active':
      return 'allow'
    case 'pending':
      return 'confirm'
    case 'terminated':
      return event === undefined || event === 'rejected' ? 'block' : undefined
    case 'waiting':
      return undefined
  }
}

/** A watcher with two phones is two in the list: what was decided about one holds for the other, which waits still. */
function merge(before: Decision | undefined, decision: Decision): Decision {
  if (!before || before.action === 'confirm') return decision
  if (decision.action === 'confirm') return before
  if (before.action === decision.action && before.level === decision.level) return before
  throw new SipError(400, 'Contradicting Decisions')
}

/** The account, where the URI is one of a user of ours; the bare JID of somebody else. */
async function watcherAt({ people }: EventDeps, uri: string): Promise<BareJid> {
  const found = await people.resolve(uri)
  if (found.kind === 'user') return found.account
  const jid = addressIn(uri) ?? parseJid(uri.replace(/^xmpp:/i, ''))?.bare
  if (jid === undefined || !jid.includes('@') || found.kind === 'ambiguous') {
    throw new SipError(400, 'Bad Watcher')
  }
  return jid
}

/** What the rules do not take is the sender's to mend. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof AccessError)) return error
  switch (error.code) {
    case 'NO_SUCH_ACCESS_LEVEL':
      return new SipError(400, 'No Such Access Level')
    case 'TOO_MANY_RULES':
      return new SipError(403, 'Too Many Rules')
    default:
      return new SipError(400, 'Bad Decision')
  }
}
