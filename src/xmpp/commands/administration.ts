/**
 * XEP-0133: Service Administration, for those whom `xmpp.admins` names, over the users of the domain that is asked. What
 * changes something is in the audit log. Not there: passwords are nobody's to read (§4.6, retracted), white and black lists
 * are access rules here, and the process is its operator's to restart.
 */
import { type BareJid, domainOf, parseJid, requireJid } from '../../core/address.ts'
import { DirectoryError } from '../../directory/errors.ts'
import type { User } from '../../directory/user.ts'
import { xml } from '../../xml/element.ts'
import { badRequest, itemNotFound, notAcceptable, StanzaError } from '../errors.ts'
import { type Answers, allOf, type Field, type Form, oneOf } from '../forms/form.ts'
import type { ModuleContext } from '../module.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { Caller, Command, Outcome } from './command.ts'

const NS_ADMIN = 'http://jabber.org/protocol/admin'

/** Where it is written down who did what. */
export interface CommandAudit {
  append(entry: {
    readonly actor: string
    readonly action: string
    readonly target: string
    readonly outcome: string
    readonly source: string
  }): Promise<void>
}

type Context = Pick<
  ModuleContext,
  'directory' | 'sessions' | 'rosters' | 'config' | 'audit' | 'everybody'
>

export function administration(context: Context): Command[] {
  const admins = new Set(context.config.admins)
  const make = ({ node, name, fields = [], run }: Task): Command => ({
    node: `${NS_ADMIN}#${node}`,
    name,
    mayRun: ({ from }) => admins.has(from.bare),
    forms: fields.length === 0 ? [] : [formOf(name, fields)],
    run: (caller, answers) => run({ context, caller, answers, node }),
  })
  return TASKS.map(make)
}

interface Run {
  readonly context: Context
  readonly caller: Caller
  readonly answers: Answers
  readonly node: string
}

interface Task {
  readonly node: string
  readonly name: string
  readonly fields?: readonly Field[]
  run(run: Run): Promise<Outcome>
}

const ACCOUNT: Field = {
  name: 'accountjid',
  type: 'jid-single',
  label: 'The account’s address',
  isRequired: true,
}
const ACCOUNTS: Field = { ...ACCOUNT, name: 'accountjids', type: 'jid-multi', label: 'Accounts' }
const PASSWORD: Field = { name: 'password', type: 'text-private', label: 'Password' }
const MAX_ITEMS: Field = {
  name: 'max_items',
  type: 'list-single',
  label: 'At most',
  values: ['25'],
  options: ['25', '50', '75', '100', '150', '200'],
}

/** In the order of §4. */
const TASKS: readonly Task[] = [
  {
    node: 'add-user',
    name: 'Add a user',
    fields: [
      ACCOUNT,
      PASSWORD,
      { ...PASSWORD, name: 'password-verify', label: 'The password again' },
      { name: 'email', type: 'text-single', label: 'E-mail address' },
      { name: 'given_name', type: 'text-single', label: 'Given name' },
      { name: 'surname', type: 'text-single', label: 'Family name' },
    ],
    run: addUser,
  },
  {
    node: 'delete-user',
    name: 'Remove users',
    fields: [ACCOUNTS],
    run: (run) =>
      onEach(run, async ({ directory }, account) => {
        await directory.removeUser(account)
      }),
  },
  {
    node: 'disable-user',
    name: 'Disable users',
    fields: [ACCOUNTS],
    run: (run) =>
      onEach(run, ({ directory }, account) => directory.updateUser(account, { disabled: true })),
  },
  {
    node: 'reenable-user',
    name: 'Enable users again',
    fields: [ACCOUNTS],
    run: (run) =>
      onEach(run, ({ directory }, account) => directory.updateUser(account, { disabled: false })),
  },
  {
    node: 'end-user-session',
    name: 'End sessions of users',
    fields: [{ ...ACCOUNTS, label: 'Accounts, or single clients of theirs' }],
    run: endSessions,
  },
  {
    node: 'change-user-password',
    name: 'Change a user’s password',
    fields: [ACCOUNT, { ...PASSWORD, isRequired: true }],
    run: changePassword,
  },
  { node: 'get-user-roster', name: 'Show a user’s contacts', fields: [ACCOUNTS], run: roster },
  { node: 'get-user-stats', name: 'Show a user’s clients', fields: [ACCOUNT], run: statistics },
  ...counts('registered', 'users', ({ directory }, domain) => all(directory, domain, () => true)),
  ...counts('disabled', 'disabled users', ({ directory }, domain) =>
    all(directory, domain, ({ disabled }) => disabled),
  ),
  ...counts('online', 'users who are on line', async ({ everybody }, domain) =>
    [...new Set([...everybody.all()].map(({ account }) => account))].filter(
      (account) => domainOf(account) === domain,
    ),
  ),
  {
    node: 'announce',
    name: 'Tell everybody who is on line',
    fields: [{ name: 'announcement', type: 'text-multi', label: 'Text', isRequired: true }],
    run: announce,
  },
]

function formOf(title: string, fields: readonly Field[]): Form {
  return { type: 'form', formType: NS_ADMIN, title, fields }
}

function resultOf(fields: readonly Field[]): Outcome {
  return { form: { type: 'result', formType: NS_ADMIN, fields } }
}

async function addUser(run: Run): Promise<Outcome> {
  const { context, caller, answers } = run
  const account = accountOf(oneOf(answers, 'accountjid'), caller)
  const password = oneOf(answers, 'password')
  if (password === '') throw notAcceptable('a password is missing')
  const again = answers.get('password-verify')
  if (again !== undefined && oneOf(answers, 'password-verify') !== password) {
    throw notAcceptable('the two passwords differ')
  }
  const name = [oneOf(answers, 'given_name'), oneOf(answers, 'surname')].join(' ').trim()
  await audited(run, account, async () => {
    await context.directory.addUser({ account, password, name })
  })
  return {}
}

async function changePassword(run: Run): Promise<Outcome> {
  const { context, caller, answers } = run
  const account = accountOf(oneOf(answers, 'accountjid'), caller)
  await audited(run, account, () =>
    context.directory.setPassword(account, oneOf(answers, 'password')),
  )
  return {}
}

/** One after the other; the first that is refused ends it, and those before it are done. */
async function onEach(
  run: Run,
  work: (context: Context, account: BareJid) => Promise<void>,
): Promise<Outcome> {
  for (const account of accountsOf(run)) {
    await audited(run, account, () => work(run.context, account))
  }
  return {}
}

async function endSessions(run: Run): Promise<Outcome> {
  const wanted = allOf(run.answers, 'accountjids').map((text) => parseJid(text))
  for (const jid of wanted) {
    if (!jid || jid.domain !== domainOf(run.caller.domain)) throw itemNotFound()
    await audited(run, jid.bare, async () => {
      for (const session of run.context.sessions.connected(jid.bare)) {
        if (jid.resource === '' || session.resource === jid.resource) session.close()
      }
    })
  }
  return {}
}

async function roster({ context, caller, answers }: Run): Promise<Outcome> {
  const [account] = accountsOf({ caller, answers })
  if (!account || !(await context.directory.exists(account))) throw itemNotFound()
  const list = await context.directory.contacts.get(account)
  const contacts = [...list.items.values()].filter(({ inRoster }) => inRoster)
  return resultOf([
    { name: 'accountjids', type: 'jid-multi', values: [account] },
    { name: 'contacts', type: 'jid-multi', values: contacts.map(({ contact }) => contact) },
  ])
}

async function statistics({ context, caller, answers }: Run): Promise<Outcome> {
  const account = accountOf(oneOf(answers, 'accountjid'), caller)
  if (!(await context.directory.exists(account))) throw itemNotFound()
  const list = await context.directory.contacts.get(account)
  const items = [...list.items.values()].filter(({ inRoster }) => inRoster)
  const clients = context.sessions.all(account).map(({ resource }) => resource)
  return resultOf([
    { name: 'rostersize', type: 'text-single', values: [String(items.length)] },
    { name: 'onlineresources', type: 'text-multi', values: clients },
  ])
}

async function announce(run: Run): Promise<Outcome> {
  const { context, caller, answers } = run
  const text = (answers.get('announcement') ?? []).join('\n').trim()
  if (text === '') throw notAcceptable('there is nothing to tell')
  await audited(run, caller.domain, async () => {
    for (const { account, resource } of context.everybody.all()) {
      if (domainOf(account) !== caller.domain) continue
      const session = context.sessions.get(account, resource)
      session?.send(
        xml(
          'message',
          { xmlns: NS_CLIENT, from: caller.domain, to: session.jid.full, type: 'headline' },
          xml('body', {}, text),
        ),
      )
    }
  })
  return {}
}

/** How many there are, and who. */
function counts(
  kind: string,
  what: string,
  find: (context: Context, domain: BareJid) => Promise<readonly BareJid[]>,
): Task[] {
  return [
    {
      node: `get-${kind}-users-num`,
      name: `Count ${what}`,
      async run({ context, caller }) {
        const { length } = await find(context, caller.domain)
        return resultOf([
          { name: `${kind}usersnum`, type: 'text-single', values: [String(length)] },
        ])
      },
    },
    {
      node: `get-${kind}-users-list`,
      name: `List ${what}`,
      fields: [MAX_ITEMS],
      async run({ context, caller, answers }) {
        const most = Number(oneOf(answers, 'max_items') || 25)
        if (!Number.isInteger(most) || most < 1) throw badRequest('max_items is no number')
        const found = await find(context, caller.domain)
        const values = found.slice(0, Math.min(most, 1_000))
        return resultOf([{ name: `${kind}userjids`, type: 'jid-multi', values }])
      },
    },
  ]
}

async function all(
  directory: Context['directory'],
  domain: string,
  wanted: (user: User) => boolean,
): Promise<BareJid[]> {
  const found: BareJid[] = []
  let after: string | undefined
  for (;;) {
    const page = await directory.users({ domain, after, limit: 1_000 })
    found.push(...page.filter(wanted).map(({ account }) => account))
    if (page.length < 1_000) return found
    after = page.at(-1)?.account
  }
}

function accountsOf({ caller, answers }: Pick<Run, 'caller' | 'answers'>): BareJid[] {
  const accounts = allOf(answers, 'accountjids')
  if (accounts.length === 0) throw badRequest('which account?')
  return accounts.map((text) => accountOf(text, caller))
}

/** Of the domain that was asked, and no other. */
function accountOf(text: string, { domain }: Caller): BareJid {
  const jid = parseJid(text)
  if (!jid || jid.local === '' || jid.resource !== '') throw badRequest(`no account: ${text}`)
  if (jid.domain !== requireJid(domain).domain) throw notAcceptable(`not of ${domain}: ${text}`)
  return jid.bare
}

/** Written down with how it ended; a refusal of the directory in XMPP's words. */
async function audited(run: Run, target: string, work: () => Promise<void>): Promise<void> {
  const { context, caller, node } = run
  const note = (outcome: string) =>
    context.audit?.append({
      actor: caller.from.bare,
      action: `xmpp ${node}`,
      target,
      outcome,
      source: 'xmpp',
    })
  try {
    await work()
  } catch (error) {
    await note(error instanceof DirectoryError ? error.code : 'failed')
    throw error instanceof DirectoryError ? refusal(error) : error
  }
  await note('done')
}

function refusal({ code, message }: DirectoryError): StanzaError {
  switch (code) {
    case 'USER_EXISTS':
    case 'ADDRESS_TAKEN':
      return new StanzaError('cancel', 'conflict', message)
    case 'NO_SUCH_USER':
    case 'NO_SUCH_DOMAIN':
      return new StanzaError('cancel', 'item-not-found', message)
    case 'BUSY':
      return new StanzaError('wait', 'resource-constraint', message)
    default:
      return notAcceptable(message)
  }
}
