/** `heliograph acl user-default …` and its like: what holds where nothing more specific is said. */
import { type ApiClient, path } from '../api-client.ts'
import { type Argument, type Command, defineCommand } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { RulesReply } from '../replies.ts'
import {
  deletedResult,
  deleteRules,
  parseAction,
  putResult,
  putRule,
  RULE_OPTIONS,
  rulesText,
} from '../rules.ts'

interface Place {
  readonly noun: string
  readonly of: string
  /** What says whose; without one there is only one. */
  readonly owner: Argument | undefined
  readonly sample: string
  target(owner: string): string
}

const PLACES: readonly Place[] = [
  {
    noun: 'user-default',
    of: 'a user',
    owner: { name: 'address', doc: 'Any address of the user.' },
    sample: ' alice@example.com',
    target: (address) => path`/api/v1/users/${address}/acl/default`,
  },
  {
    noun: 'domain-default',
    of: 'all who have their account, another XMPP or a Microsoft address in a domain',
    owner: { name: 'domain', doc: 'The domain; it may be another system’s.' },
    sample: ' partner.example',
    target: (domain) => path`/api/v1/domains/${domain}/acl/default`,
  },
  {
    noun: 'system-default',
    of: 'everybody',
    owner: undefined,
    sample: '',
    target: () => '/api/v1/acl/default',
  },
]

const ACTIONS = ['allow', 'block', 'confirm', 'undefined'] as const
const ACTION: Argument = {
  name: 'action',
  doc: 'allow, block, confirm or undefined. An allow is for users of this system only.',
}
const EXTERNAL = { external: { doc: 'For watchers of other systems only.' } } as const
const { level } = RULE_OPTIONS

function commandsOf({ noun, of, owner, sample, target }: Place): Command[] {
  const args = owner ? [owner] : []
  const name = (given: Readonly<Record<string, string>>) => (owner ? (given[owner.name] ?? '') : '')
  const show = defineCommand({
    path: ['acl', noun, 'show'],
    summary: `Show the default of ${of}`,
    args,
    options: {},
    example: `heliograph acl ${noun} show${sample}`,
    async run({ api, args: given }) {
      const reply = await api.call({ method: 'GET', path: target(name(given)) })
      const { rules } = reply as RulesReply
      if (owner) return { json: rules, text: rulesText(rules) }
      return { json: rules, text: `${rulesText(rules)}\n${await restText(api)}`.trim() }
    },
  })
  const set = defineCommand({
    path: ['acl', noun, 'set'],
    summary: `Set the default of ${of}`,
    args: [...args, ACTION],
    options: { level, ...EXTERNAL },
    example: `heliograph acl ${noun} set${sample} confirm`,
    async run({ api, args: given, options, switches }) {
      const action = parseAction(given[ACTION.name] ?? '', ACTIONS)
      const body = { action, level: options.level, external: switches.has('external') }
      return putResult(await putRule(api, target(name(given)), body))
    },
  })
  const remove = defineCommand({
    path: ['acl', noun, 'delete'],
    summary: `Delete the default of ${of}`,
    args,
    options: { level, ...EXTERNAL },
    example: `heliograph acl ${noun} delete${sample}`,
    async run({ api, args: given, options, switches }) {
      const filter = { level: options.level, external: switches.has('external') || undefined }
      return deletedResult(await deleteRules(api, target(name(given)), filter))
    },
  })
  return [show, set, remove]
}

const SETTINGS = '/api/v1/settings'

/** What holds where not even a system default decides. */
async function restText(api: ApiClient): Promise<string> {
  const settings = (await api.call({ method: 'GET', path: SETTINGS })) as SettingsReply
  const users = `users of this system ${settings.sameSystem} (authorization.sameSystem)`
  return `where no rule decides: ${users}, all others confirm`
}

interface SettingsReply {
  readonly crossDomain: boolean
  readonly sameSystem: string
}

const crossDomain = defineCommand({
  path: ['acl', 'cross-domain'],
  summary: 'Show or switch whether users of different domains see and write to each other',
  args: [{ name: 'state', doc: 'on or off.', optional: true }],
  options: {},
  example: 'heliograph acl cross-domain off',
  async run({ api, args: { state } }) {
    const reply = await api.call(
      state === ''
        ? { method: 'GET', path: SETTINGS }
        : { method: 'PATCH', path: SETTINGS, body: { crossDomain: parseState(state) } },
    )
    const settings = reply as SettingsReply
    return { json: settings, text: `cross-domain ${settings.crossDomain ? 'on' : 'off'}` }
  },
})

function parseState(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on'
  throw new CliError('usage', 'CLI_USAGE', 'cross-domain communication is on or off')
}

export const aclDefaultCommands: readonly Command[] = [...PLACES.flatMap(commandsOf), crossDomain]
