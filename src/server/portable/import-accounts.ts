/**
 * Accounts from a file of XEP-0227, one after the other. What is wrong with one is reported, and the others go on; who exists is
 * left as he is, or gets what the file says beside what he has.
 */
import type { PortableReport } from '../../admin/services.ts'
import type { BareJid } from '../../core/address.ts'
import type { InstantMessage } from '../../core/messaging/message.ts'
import { AccessError, type AccessErrorCode } from '../../core/presence/access/access-error.ts'
import { ALL_LEVEL } from '../../core/presence/access/access-level.ts'
import type { NewRule } from '../../core/presence/access/rule.ts'
import { newRosterItem, type RosterItem } from '../../core/presence/roster-item.ts'
import { DirectoryError, type DirectoryErrorCode } from '../../directory/errors.ts'
import { XmlSyntaxError } from '../../xml/syntax.ts'
import { avatarOf } from '../../xmpp/presence/avatars.ts'
import type { PortableDeps, PortableLimits } from './portable.ts'
import { type PortableUser, readUser } from './read-user.ts'
import { NS_PIE, type Piece, UserSplitter } from './user-splitter.ts'

/** What may be wrong beside what the directory and the access rules refuse. */
export const PORTABLE_ERRORS = {
  BAD_XML: 'the file cannot be read from here on, or one account in it cannot',
  BAD_PART: 'a part of the account is not valid, and is left out',
  MAILBOX_FULL: 'there is no room for all messages that waited',
} as const

type ProblemCode = DirectoryErrorCode | AccessErrorCode | keyof typeof PORTABLE_ERRORS

/** Characters of one user. */
const MAX_USER = 33_554_432
const MAX_PROBLEMS = 1_000
const MAX_SKIPPED = 100
/** As clients may keep. */
const MAX_PIECES = 100

export interface ImportOptions extends PortableLimits {
  readonly dryRun: boolean
  readonly overwrite: boolean
  readonly signal: AbortSignal
}

/** Rejects only where the database does, or `signal` says so. */
export async function importAccounts(
  deps: PortableDeps,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<PortableReport> {
  const run = new ImportRun(deps, options)
  const splitter = new UserSplitter({ maxUser: MAX_USER })
  try {
    for await (const chunk of source) {
      for (const piece of splitter.push(chunk)) {
        options.signal.throwIfAborted()
        await run.take(piece)
      }
    }
    splitter.end()
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    run.problem('', 'BAD_XML', `the file cannot be read from here on: ${error.message}`)
  }
  return run.report
}

class ImportRun {
  readonly report: PortableReport = {
    ...{ added: 0, updated: 0, unchanged: 0, failed: 0 },
    ...{ problems: [], problemsTotal: 0, skipped: [] },
  }
  readonly #deps: PortableDeps
  readonly #options: ImportOptions

  constructor(deps: PortableDeps, options: ImportOptions) {
    this.#deps = deps
    this.#options = options
  }

  problem(account: string, code: ProblemCode, reason: string): void {
    this.report.problemsTotal += 1
    if (this.report.problems.length < MAX_PROBLEMS) {
      this.report.problems.push({ account, code, reason: reason.slice(0, 500) })
    }
  }

  async take(piece: Piece): Promise<void> {
    if (piece.kind === 'unreadable') {
      this.report.failed += 1
      this.problem(piece.about, 'BAD_XML', piece.reason)
      return
    }
    const { host, element } = piece
    if (!element.is('user', NS_PIE) || host === '') {
      this.#skip(`{${element.ns}}${element.name}`)
      return
    }
    const about = `${(element.attr('name') ?? '').slice(0, 1100)}@${host.slice(0, 1100)}`
    try {
      await this.#user(readUser(element, host))
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.report.failed += 1
      this.problem(about, error.code, error.message)
    }
  }

  async #user(user: PortableUser): Promise<void> {
    const { directory } = this.#deps
    const { account } = user
    const exists = await directory.exists(account)
    if (exists && !this.#options.overwrite) {
      this.report.unchanged += 1
      return
    }
    const login = this.#login(user)
    if (!exists) await directory.checkNewUser({ account, ...login })
    for (const section of user.skipped) this.#skip(section)
    for (const problem of user.problems) this.problem(account, 'BAD_PART', problem)
    if (!this.#options.dryRun) {
      if (exists) await this.#update(user, login)
      else await directory.addUser({ account, ...login })
      await this.#give(user, login.password === undefined, exists)
    }
    if (exists) this.report.updated += 1
    else this.report.added += 1
  }

  /** A name or a password that cannot be does not keep the rest from coming. */
  #login({ account, name, password, keys }: PortableUser) {
    const usable = (what: { name?: string; password?: string }, reason: string) => {
      try {
        this.#deps.directory.checkChanges(what)
        return true
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error
        this.problem(account, error.code, reason)
        return false
      }
    }
    const takesName = name !== undefined && usable({ name }, 'the name is left out')
    const hasPassword = password !== undefined && password !== ''
    const left = keys.size > 0 ? 'the keys are taken instead' : 'the user has no password now'
    const takesPassword = hasPassword && usable({ password }, left)
    return {
      name: takesName ? name : undefined,
      password: takesPassword ? password : undefined,
    }
  }

  async #update(
    { account }: PortableUser,
    { name, password }: { name: string | undefined; password: string | undefined },
  ): Promise<void> {
    const { directory } = this.#deps
    await directory.updateUser(account, { name })
    if (password !== undefined) await directory.setPassword(account, password)
  }

  async #give(user: PortableUser, takesKeys: boolean, existed: boolean): Promise<void> {
    const { account, keys } = user
    const { directory } = this.#deps
    if (takesKeys && keys.size > 0) await directory.adoptKeys(account, keys)
    for (const item of user.roster) {
      await this.#part(account, `contact ${item.contact}`, () =>
        directory.contacts.update(account, item.contact, (before) => ({
          ...item,
          pendingIn: before?.pendingIn ?? false,
          pendingInStanza: before?.pendingInStanza,
        })),
      )
    }
    for (const [contact, stanza] of user.requests) {
      await this.#part(account, `request of ${contact}`, () =>
        directory.contacts.update(account, contact, (before) => requested(before, contact, stanza)),
      )
    }
    await this.#personal(user)
    if (user.blocked.size > 0) {
      const rules = [...user.blocked].map((watcher) => blockRule(account, watcher))
      await this.#part(account, 'block list', () => this.#deps.access.putAll(rules))
    }
    await this.#messages(user, existed)
  }

  async #personal({ account, vcard, pieces }: PortableUser): Promise<void> {
    const { personal } = this.#deps.directory
    const { maxVcardSize, maxPrivateData: maxBytes } = this.#options
    const text = vcard?.toString()
    if (vcard && text !== undefined) {
      if (Buffer.byteLength(text) > maxVcardSize) {
        this.problem(account, 'BAD_PART', `the vCard has more than ${maxVcardSize} bytes`)
      } else await personal.putVcard(account, { xml: text, avatar: avatarOf(vcard) })
    }
    for (const [name, xml] of pieces) {
      await this.#part(account, `private data ${name}`, () =>
        personal.putPrivate(account, new Map([[name, xml]]), { maxPieces: MAX_PIECES, maxBytes }),
      )
    }
  }

  async #messages({ account, messages }: PortableUser, existed: boolean): Promise<void> {
    const { mailbox } = this.#deps.messaging
    const known = new Set<string>()
    if (existed && messages.length > 0) {
      for await (const batch of mailbox.read(account)) {
        for (const { message } of batch) known.add(messageKey(message))
      }
    }
    for (const [at, message] of messages.entries()) {
      if (known.has(messageKey(message))) continue
      if ((await mailbox.keep(account, message)) === 'stored') continue
      const lost = messages.length - at
      this.problem(account, 'MAILBOX_FULL', `${lost} messages that waited have no room`)
      return
    }
  }

  async #part(account: BareJid, what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof DirectoryError || error instanceof AccessError)) throw error
      this.problem(account, error.code, `${what}: ${error.message}`)
    }
  }

  #skip(section: string): void {
    const { skipped } = this.report
    const known = skipped.find((one) => one.section === section)
    if (known) known.count += 1
    else if (skipped.length < MAX_SKIPPED)
      skipped.push({ section: section.slice(0, 300), count: 1 })
  }
}

function requested(before: RosterItem | undefined, contact: BareJid, stanza: string) {
  const item = before ?? { ...newRosterItem(contact), inRoster: false }
  // Who sees him already has been answered.
  if (item.subscription === 'from' || item.subscription === 'both' || item.pendingIn) return before
  return { ...item, pendingIn: true, pendingInStanza: stanza }
}

/** As the user's own clients block (XEP-0191). */
function blockRule(presentity: BareJid, watcher: string): NewRule {
  const level = ALL_LEVEL.name
  return { presentity, watcher, level, action: 'block', enforced: false, refusesMessages: true }
}

function messageKey({ from, id, body, delayedSince, stableId }: InstantMessage): string {
  return stableId ?? JSON.stringify([from.full, id, body, delayedSince])
}
