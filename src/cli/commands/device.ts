/** `heliograph user device …`: clients that sign in without a password (XEP-0484). */
import { path } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { DevicesReply } from '../replies.ts'

const ADDRESS = { name: 'address', doc: 'Any address of the user.' } as const

const list = defineCommand({
  path: ['user', 'device', 'list'],
  summary: 'List a user’s clients that may sign in without his password',
  args: [ADDRESS],
  options: {},
  example: 'heliograph user device list erin@example.com',
  async run({ api, args }) {
    const target = path`/api/v1/users/${args.address}/devices`
    const { devices } = (await api.call({ method: 'GET', path: target })) as DevicesReply
    const rows = devices.map(({ id, software = '', model = '', usedAt }) => {
      return [id, software, model, usedAt.slice(0, 10)]
    })
    return { json: devices, text: table(rows) }
  },
})

const remove = defineCommand({
  path: ['user', 'device', 'remove'],
  summary: 'Have a user’s client, or all of them, sign in with his password; sessions end',
  args: [ADDRESS],
  options: {
    device: { value: 'ID', doc: 'The one, as `user device list` names it.' },
    all: { doc: 'All of them.' },
  },
  example: 'heliograph user device remove erin@example.com --all',
  async run({ api, args, options, switches }) {
    const { device } = options
    if ((device === undefined) !== switches.has('all')) {
      throw new CliError('usage', 'CLI_USAGE', 'give --device or --all')
    }
    const all = path`/api/v1/users/${args.address}/devices`
    const one = path`/api/v1/users/${args.address}/devices/${device ?? ''}`
    await api.call({ method: 'DELETE', path: device === undefined ? all : one })
    const target = device ?? args.address
    return { json: { done: 'removed', target }, text: `removed: ${target}` }
  },
})

export const deviceCommands: readonly Command[] = [list, remove]
