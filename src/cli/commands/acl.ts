/** `heliograph acl …`: who may see what of whom. */
import { query } from '../api-client.ts'
import { type Command, defineCommand } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import {
  ACL,
  deletedResult,
  deleteRules,
  fetchRules,
  parseAction,
  putResult,
  putRule,
  RULE_OPTIONS,
  rulesText,
} from '../rules.ts'

const ACTIONS = ['allow', 'block', 'confirm', 'undefined'] as const
const ACTION = { name: 'action', doc: 'allow, block, confirm or undefined.' } as const
const PRESENTITY = {
  name: 'presentity',
  doc: 'Whose presence: any address of a user, @DOMAIN, or * for everybody.',
} as const
const WATCHER = {
  name: 'watcher',
  doc: 'Who watches: any address of a user, @DOMAIN, @* for other systems’, or * for everybody.',
} as const

const FILTER_OPTIONS = {
  presentity: { value: 'ADDRESS', doc: 'Rules about the presence of this user or pattern.' },
  watcher: { value: 'ADDRESS', doc: 'Rules about this watcher or pattern.' },
  action: { value: 'ACTION', doc: 'Rules that say allow, block, confirm or undefined.' },
} as const

type FilterOptions = { readonly [K in keyof typeof FILTER_OPTIONS | 'level']?: string | undefined }

const show = defineCommand({
  path: ['acl', 'show'],
  summary: 'Show rules by presentity, watcher, action and level; all where nothing says which',
  args: [],
  options: { ...FILTER_OPTIONS, ...RULE_OPTIONS },
  example: 'heliograph acl show --presentity alice@example.com',
  async run({ api, options, switches }) {
    const enforced = switches.has('enforced') || undefined
    const rules = await fetchRules(api, { ...filterOf(options, switches), enforced })
    return { json: rules, text: rulesText(rules) }
  },
})

const create = defineCommand({
  path: ['acl', 'create'],
  summary: 'Make a rule; it holds for every live watcher at once',
  args: [ACTION, PRESENTITY, WATCHER],
  options: RULE_OPTIONS,
  example: 'heliograph acl create allow alice@example.com bob@example.com --level Telephony',
  run: async ({ api, args, options, switches }) =>
    putResult(await put(api, 'refuse', { ...args, ...options }, switches)),
})

const modify = defineCommand({
  path: ['acl', 'modify'],
  summary: 'Change what a rule says; it holds for every live watcher at once',
  args: [ACTION, PRESENTITY, WATCHER],
  options: RULE_OPTIONS,
  example: 'heliograph acl modify block alice@example.com bob@example.com',
  run: async ({ api, args, options, switches }) =>
    putResult(await put(api, 'require', { ...args, ...options }, switches)),
})

function put(
  api: Parameters<typeof putRule>[0],
  existing: 'refuse' | 'require',
  rule: { action: string; presentity: string; watcher: string; level?: string },
  switches: ReadonlySet<string>,
) {
  const body = {
    ...rule,
    action: parseAction(rule.action, ACTIONS),
    external: switches.has('external'),
    enforced: switches.has('enforced'),
  }
  return putRule(api, `${ACL}${query({ existing })}`, body)
}

const remove = defineCommand({
  path: ['acl', 'delete'],
  summary: 'Delete rules about pairs of presentity and watcher; defaults only where they are named',
  args: [],
  options: {
    ...FILTER_OPTIONS,
    ...RULE_OPTIONS,
    all: { doc: 'Every rule about a pair.' },
  },
  example: 'heliograph acl delete --presentity alice@example.com --watcher bob@example.com',
  async run({ api, options, switches }) {
    const { presentity, watcher, level, action } = options
    const named = [presentity, watcher, level, action].some((one) => one !== undefined)
    if (named === switches.has('all')) {
      throw new CliError('usage', 'CLI_USAGE', 'say which rules, or --all')
    }
    const filter = {
      ...filterOf(options, switches),
      enforced: switches.has('enforced'),
      kind: isPattern(presentity) || isPattern(watcher) ? undefined : 'pair',
    }
    return deletedResult(await deleteRules(api, ACL, filter))
  },
})

/** Whether enforced rules are among those without the switch is each command's own affair. */
function filterOf(
  { presentity, watcher, level, action }: FilterOptions,
  switches: ReadonlySet<string>,
) {
  return {
    presentity,
    watcher,
    level,
    action: action === undefined ? undefined : parseAction(action, ACTIONS),
    external: switches.has('external') || undefined,
  }
}

function isPattern(text: string | undefined): boolean {
  return text !== undefined && /^[@*]/.test(text)
}

export const aclCommands: readonly Command[] = [show, create, modify, remove]
