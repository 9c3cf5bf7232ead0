/**
 * XEP-0133: Service Administration, for those whom `xmpp.admins` names, over the users of the domain that is asked. What
 * changes something is in the audit log. What is left out, and why: docs/how-to/administer-over-xmpp.md.
 */
import { type BareJid, domainOf, parseJid, requireJid } from '../../core/address.ts'
import type { User } from '../../directory/user.ts'
import { xml } from '../../xml/element.ts'
import { badRequest, itemNotFound, notAcceptable } from '../errors.ts'
import { allOf, type Field, type Form, oneOf } from '../forms/form.ts'
import { NS_CLIENT } from '../namespaces.ts'
import { audited, type Context, type Run, type Task } from './administration-task.ts'
import type { Caller, Command, Outcome } from './command.ts'
import { noticeTasks } from './notices.ts'

const NS_ADMIN = 'http://jabber.org/protocol/admin'

export function administration(context: Context): Command[] {
  const admins = new Set(context.config.admins)
  const make = ({ node, name, fields = [], run }: Task): Command => ({
    node: `${NS_ADMIN}#${node}`,
    name,
    mayRun: ({ from }) => admins.has(from.bare),
    forms: (caller) => {
      const asked = typeof fields === 'function' ? fields(caller) : fields
      return asked.length === 0 ? [] : [formOf(name, asked)]
    },
    run: (caller, answers) => run({ context, caller, answers, node }),
  })
  return [...TASKS, ...noticeTasks(context.notices)].map(make)
}

const ACCOUNT: Field = {
  name: 'accountjid',
  type: 'jid-single',
  label: 'The account’s address',
  isRequired: true,
}
const ACCOUNTS: Field = { ...ACCOUNT, name: 'accountjids', type: 'jid-multi', label: 'Accounts' }
const PASSWORD: Field = { name: 'password', type: 'text-private', label: 'Password' }
const AWAY = new Set(['away', 'xa'])
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
  // The text of §4.10 has the one, its examples have the other.
  ...['get-user-stats', 'user-stats'].map((node) => {
    return { node, name: 'Show a user’s clients', fields: [ACCOUNT], run: statistics }
  }),
  ...counts('registered', 'users', ({ directory }, domain) => all(directory, domain, () => true)),
  ...counts('disabled', 'disabled users', ({ directory }, domain) =>
    all(directory, domain, ({ disabled }) => disabled),
  ),
  ...counts('online', 'users who are on line', async (context, domain) => onLine(context, domain)),
  ...counts('active', 'users who are at a client', async (context, domain) =>
    onLine(context, domain).filter((account) => isActive(context, account)),
  ),
  ...counts('idle', 'users who are on line and at no client', async (context, domain) =>
    onLine(context, domain).filter((account) => !isActive(context, account)),
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

function onLine({ everybody }: Context, domain: BareJid): BareJid[] {
  const accounts = new Set([...everybody.all()].map(({ account }) => account))
  return [...accounts].filter((account) => domainOf(account) === domain)
}

/** One client of his at least does not say that he is away. */
function isActive({ sessions }: Context, account: BareJid): boolean {
  return sessions
    .available(account)
    .some(({ presence }) => !AWAY.has(presence?.child('show')?.text() ?? ''))
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
      // §4.19 and §4.20 have other names than their likes.
      node: ['active', 'idle'].includes(kind) ? `get-${kind}-users` : `get-${kind}-users-list`,
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
