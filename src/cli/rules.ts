/** What commands about rules share: asking for them, and printing them. */
import { type ApiClient, query } from './api-client.ts'
import { type Result, table } from './command.ts'
import { CliError } from './exit-codes.ts'
import type { DeletedReply, RulePutReply, RuleReply, RulesReply } from './replies.ts'

export const ACL = '/api/v1/acl'
const PAGE = 10_000

export const RULE_OPTIONS = {
  level: { value: 'LEVEL', doc: 'The access level; All where not given.' },
  external: { doc: 'The watcher is of another system, and his address is taken as it is.' },
  enforced: { doc: 'The administrator’s rule, above the user’s own.' },
} as const

export type Query = Readonly<Record<string, string | boolean | undefined>>

/** All of them, whatever their number. */
export async function fetchRules(api: ApiClient, filter: Query): Promise<RuleReply[]> {
  const rules: RuleReply[] = []
  for (;;) {
    const page = query({ ...filter, skip: rules.length, limit: PAGE })
    const reply = (await api.call({ method: 'GET', path: `${ACL}${page}` })) as RulesReply
    rules.push(...reply.rules)
    if (reply.rules.length < PAGE) return rules
  }
}

export async function deleteRules(api: ApiClient, target: string, filter: Query): Promise<number> {
  const path = `${target}${query(filter)}`
  return ((await api.call({ method: 'DELETE', path })) as DeletedReply).deleted
}

export async function putRule(api: ApiClient, target: string, body: object): Promise<RulePutReply> {
  return (await api.call({ method: 'PUT', path: target, body })) as RulePutReply
}

/** Case does not matter: the manual writes ALLOW as well as allow. */
export function parseAction(text: string, actions: readonly string[]): string {
  const action = text.toLowerCase()
  if (actions.includes(action)) return action
  throw new CliError('usage', 'CLI_USAGE', `${text} is none of ${actions.join(', ')}`)
}

export function rulesText(rules: readonly RuleReply[]): string {
  return table(rules.map(ruleRow))
}

/** The pair without what can be told from the line beside it. */
export function ruleText(rule: RuleReply): string {
  return ruleRow(rule)
    .filter((cell) => cell !== '')
    .join(' ')
}

function ruleRow(rule: RuleReply): string[] {
  const { presentity, watcher, level, action, enforced, refusesMessages, updatedAt } = rule
  const marks = [enforced ? 'enforced' : '', refusesMessages ? 'no-messages' : '']
  return [
    presentity,
    watcher,
    level,
    action,
    marks.filter((mark) => mark !== '').join(' '),
    updatedAt,
  ]
}

export function putResult(reply: RulePutReply): Result {
  return { json: reply, text: `${reply.outcome}: ${ruleText(reply.rule)}` }
}

export function deletedResult(deleted: number): Result {
  return { json: { deleted }, text: `deleted ${deleted}` }
}
