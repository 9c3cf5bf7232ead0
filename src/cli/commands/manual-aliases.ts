/**
 * The manual's own tools (Appendix A: `presuseracls`, `user-default-acl-policy.sh`,
 * `user-default-policy-domain.sh`), with its arguments and what it prints. Each is a translation
 * into a call that a command of ours makes, too.
 */
import { type ApiClient, path } from '../api-client.ts'
import { type Command, defineCommand, type Result } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import { psqlTable, timestamp } from '../psql.ts'
import type { DomainReply, RuleReply, RulesReply } from '../replies.ts'
import { ACL, deleteRules, fetchRules, parseAction, putRule, type Query } from '../rules.ts'

/** An option of the manual and the words after it. */
interface Form {
  readonly option: string
  readonly words: readonly string[]
  readonly external: boolean
}

/** Only what a user says of one watcher; defaults have tools of their own. */
const PAIRS = { kind: 'pair', enforced: false } as const
const ACTIONS = ['allow', 'block', 'confirm'] as const
const LONG: Readonly<Record<string, string>> = {
  '--create': '-c',
  '--modify': '-m',
  '--delete': '-d',
}

const presuseracls = defineCommand({
  path: ['presuseracls'],
  summary: 'The manual’s tool for users’ rules about one watcher each',
  args: [],
  options: {},
  forms: [
    '[PRESENTITY]',
    '-p PRESENTITY',
    '-w WATCHER',
    '-c|--create allow|block PRESENTITY [-ext] WATCHER',
    '-m|--modify allow|block PRESENTITY [-ext] WATCHER',
    '-d|--delete PRESENTITY [[-ext] WATCHER]',
    '-d|--delete -allow|-block|-all',
  ],
  example: 'heliograph presuseracls -c allow 55013@example.com 55011@example.com',
  run({ api, words }) {
    const form = parseForm(words)
    const run = PRESUSERACLS[form.option]
    if (!run) throw usage(`there is no option ${form.option}`)
    return run(api, form)
  },
})

const PRESUSERACLS: Readonly<Record<string, (api: ApiClient, form: Form) => Promise<Result>>> = {
  '': (api, form) => showPairs(api, form, 'presentity'),
  '-p': (api, form) => showPairs(api, form, 'presentity'),
  '-w': (api, form) => showPairs(api, form, 'watcher'),
  '-c': (api, form) => putPair(api, form, { existing: 'refuse', done: 'INSERT 0 1' }),
  '-m': (api, form) => putPair(api, form, { existing: 'require', done: 'UPDATE 1' }),
  '-d': deletePairs,
}

async function showPairs(
  api: ApiClient,
  { option, words, external }: Form,
  side: 'presentity' | 'watcher',
): Promise<Result> {
  const [name] = take(words, option === '' ? 0 : 1, 1)
  const address = name === undefined ? undefined : await qualified(api, name)
  const rules = await fetchRules(api, {
    [side]: address,
    external: external || undefined,
    kind: 'pair',
  })
  const rows = rules.map(({ presentity, watcher, action, level, updatedAt }) => [
    presentity,
    watcher,
    action.toUpperCase(),
    level,
    timestamp(updatedAt),
  ])
  const heads = ['presentity', 'watcher', 'ruletype', 'infotype', 'updated']
  return { json: rules, text: psqlTable(heads, rows) }
}

async function putPair(
  api: ApiClient,
  { words, external }: Form,
  { existing, done }: { existing: 'refuse' | 'require'; done: string },
): Promise<Result> {
  const [action = '', presentity = '', watcher = ''] = take(words, 3, 3)
  const body = { action: parseAction(action, ACTIONS), presentity, watcher, external }
  try {
    return { json: await putRule(api, `${ACL}?existing=${existing}`, body), text: done }
  } catch (error) {
    // As PostgreSQL says that no row was there to change.
    if (!(error instanceof CliError) || error.code !== 'NO_SUCH_RULE') throw error
    return { json: { outcome: 'same' }, text: 'UPDATE 0' }
  }
}

async function deletePairs(api: ApiClient, { words, external }: Form): Promise<Result> {
  const [first = '', watcher] = take(words, 1, 2)
  const filter: Query = first.startsWith('-')
    ? { action: DELETED_ACTIONS.get(first) }
    : { presentity: await qualified(api, first), watcher, external: external || undefined }
  if (first.startsWith('-') && (watcher !== undefined || !DELETED_ACTIONS.has(first))) {
    throw usage(`${first} is none of ${[...DELETED_ACTIONS.keys()].join(', ')}`)
  }
  return deleteResult(await deleteRules(api, ACL, { ...filter, ...PAIRS }))
}

const DELETED_ACTIONS = new Map([
  ['-allow', 'allow'],
  ['-block', 'block'],
  ['-all', undefined],
])

const USER_DEFAULT = ['USER', '-c allow|block|confirm USER', '-d USER'] as const

const userDefault = defineCommand({
  path: ['user-default-acl-policy'],
  summary: 'The manual’s tool for what holds for a user’s watchers; also with .sh',
  args: [],
  options: {},
  forms: USER_DEFAULT,
  example: 'heliograph user-default-acl-policy -c confirm 55010@example.com',
  async run({ api, words: given }) {
    if (given.length === 0) return help('user-default-acl-policy', USER_DEFAULT)
    const { option, words } = parseForm(given)
    const target = async (name: string) =>
      path`/api/v1/users/${await qualified(api, name)}/acl/default`
    if (option === '') {
      const [user = ''] = take(words, 1, 1)
      return showDefaults(api, await target(user))
    }
    if (option === '-c') {
      const [action = '', user = ''] = take(words, 2, 2)
      return putDefault(api, await target(user), parseAction(action, ACTIONS))
    }
    if (option !== '-d') throw usage(`there is no option ${option}`)
    const [user = ''] = take(words, 1, 1)
    return deleteResult(await deleteRules(api, await target(user), {}))
  },
})

const DOMAIN_DEFAULT = ['-c allow|block DOMAIN', '-d DOMAIN'] as const

const domainDefault = defineCommand({
  path: ['user-default-policy-domain'],
  summary: 'The manual’s tool for what holds for watchers of a domain’s users; also with .sh',
  args: [],
  options: {},
  forms: DOMAIN_DEFAULT,
  example: 'heliograph user-default-policy-domain -c ALLOW xmpp.example',
  async run({ api, words: given }) {
    if (given.length === 0) return help('user-default-policy-domain', DOMAIN_DEFAULT)
    const { option, words } = parseForm(given)
    if (option === '-c') {
      const [action = '', domain = ''] = take(words, 2, 2)
      const target = path`/api/v1/domains/${domain}/acl/default`
      return putDefault(api, target, parseAction(action, ACTIONS))
    }
    if (option !== '-d') throw usage('give -c or -d')
    const [domain = ''] = take(words, 1, 1)
    return deleteResult(await deleteRules(api, path`/api/v1/domains/${domain}/acl/default`, {}))
  },
})

async function showDefaults(api: ApiClient, target: string): Promise<Result> {
  const { rules } = (await api.call({ method: 'GET', path: target })) as RulesReply
  const rows = rules.map(({ presentity, action }: RuleReply) => [
    'UD',
    presentity,
    action.toUpperCase(),
  ])
  return { json: rules, text: psqlTable(['discriminator', 'name', 'acl'], rows) }
}

async function putDefault(api: ApiClient, target: string, action: string): Promise<Result> {
  const reply = await putRule(api, target, { action })
  return { json: reply, text: reply.outcome === 'created' ? 'INSERT 0 1' : 'UPDATE 1' }
}

function deleteResult(deleted: number): Result {
  return { json: { deleted }, text: `DELETE ${deleted}` }
}

function help(tool: string, forms: readonly string[]): Result {
  return { json: { forms }, text: forms.map((form) => `${tool} ${form}`).join('\n') }
}

function parseForm(given: readonly string[]): Form {
  const external = given.includes('-ext')
  const [first = '', ...rest] = given.filter((word) => word !== '-ext')
  if (!first.startsWith('-'))
    return { option: '', words: first === '' ? [] : [first, ...rest], external }
  return { option: LONG[first] ?? first, words: rest, external }
}

function take(words: readonly string[], least: number, most: number): readonly string[] {
  if (words.length >= least && words.length <= most) return words
  throw usage('that is not a form of this tool; --help shows them')
}

function usage(message: string): CliError {
  return new CliError('usage', 'CLI_USAGE', message)
}

/** The domain of a login name may be left out where there is only one. */
async function qualified(api: ApiClient, name: string): Promise<string> {
  if (/[@:]/.test(name) || /^\+?\d+$/.test(name)) return name
  const reply = await api.call({ method: 'GET', path: '/api/v1/domains' })
  const [domain, another] = (reply as { domains: DomainReply[] }).domains
  return domain && !another ? `${name}@${domain.name}` : name
}

export const manualAliases: readonly Command[] = [presuseracls, userDefault, domainDefault]
