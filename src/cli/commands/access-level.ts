/** `heliograph access-level …`: parts of a person's presence that rules speak of. */
import { type ApiClient, path, query } from '../api-client.ts'
import { type Command, defineCommand, type Result, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { LevelReply } from '../replies.ts'

const NAME = { name: 'name', doc: 'The name of the level.' } as const
const CLASSES = {
  classes: { value: 'A,B', doc: 'The classes of sources that it covers.' },
  'all-but': { value: 'A,B', doc: 'It covers all classes but these.' },
} as const

const list = defineCommand({
  path: ['access-level', 'list'],
  summary: 'List the access levels',
  args: [],
  options: {},
  example: 'heliograph access-level list',
  async run({ api }) {
    const reply = await api.call({ method: 'GET', path: '/api/v1/access-levels' })
    const { levels } = reply as { levels: LevelReply[] }
    return { json: levels, text: table(levels.map(row)) }
  },
})

const create = defineCommand({
  path: ['access-level', 'create'],
  summary: 'Define an access level, by its classes or by those that it leaves out',
  args: [NAME],
  options: CLASSES,
  example: 'heliograph access-level create Desk --all-but phone',
  run: ({ api, args, options }) => put(api, 'refuse', args.name, options),
})

const modify = defineCommand({
  path: ['access-level', 'modify'],
  summary: 'Define an access level anew; rules that use it hold so at once',
  args: [NAME],
  options: CLASSES,
  example: 'heliograph access-level modify Telephony --classes phone,video',
  run: ({ api, args, options }) => put(api, 'require', args.name, options),
})

const remove = defineCommand({
  path: ['access-level', 'delete'],
  summary: 'Delete an access level that no rule uses',
  args: [NAME],
  options: {},
  example: 'heliograph access-level delete Desk',
  async run({ api, args }) {
    await api.call({ method: 'DELETE', path: path`/api/v1/access-levels/${args.name}` })
    return { json: { done: 'deleted', target: args.name }, text: `deleted: ${args.name}` }
  },
})

async function put(
  api: ApiClient,
  existing: 'refuse' | 'require',
  name: string,
  options: { classes?: string; 'all-but'?: string },
): Promise<Result> {
  const { classes, 'all-but': allBut } = options
  if ((classes === undefined) === (allBut === undefined)) {
    throw new CliError('usage', 'CLI_USAGE', 'give one of --classes and --all-but')
  }
  const names = (classes ?? allBut ?? '').split(',').map((one) => one.trim())
  const body = { classes: names.filter((one) => one !== ''), inverted: allBut !== undefined }
  const target = path`/api/v1/access-levels/${name}` + query({ existing })
  const level = (await api.call({ method: 'PUT', path: target, body })) as LevelReply
  return { json: level, text: table([row(level)]) }
}

function row({ name, classes, inverted, predefined }: LevelReply): string[] {
  if (predefined) return [name, 'all classes']
  return [name, `${inverted ? 'all but ' : ''}${classes.join(', ')}`]
}

export const accessLevelCommands: readonly Command[] = [list, create, modify, remove]
