/** `heliograph status` and `heliograph admin …`: the server itself and who runs it. */
import { path } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { StatusReply } from '../replies.ts'
import { PASSWORD_OPTIONS, readPassword } from '../secrets.ts'

const status = defineCommand({
  path: ['status'],
  summary: 'Show what runs',
  args: [],
  options: {},
  example: 'heliograph status',
  async run({ api }) {
    const reply = (await api.call({ method: 'GET', path: '/api/v1/status' })) as StatusReply
    const rows = [
      ['version', reply.version],
      ['started', reply.startedAt],
      ['domains', reply.domains.join(', ')],
      ['users', String(reply.users)],
      ['sessions', `${reply.sessions} of ${reply.accountsOnline} accounts`],
      ['memory', `${Math.round(reply.residentBytes / 1_048_576)} MB`],
      ...reply.listeners.map(({ name, address, port, detail }) => [
        name,
        `${address}:${port}  ${detail}`,
      ]),
    ]
    return { json: reply, text: table(rows) }
  },
})

const adminPassword = defineCommand({
  path: ['admin', 'password'],
  summary: 'Set an administrator’s password; an administrator who does not exist is made',
  args: [{ name: 'name', doc: 'The administrator’s name.' }],
  options: PASSWORD_OPTIONS,
  example: 'heliograph admin password admin --password-file -',
  async run({ api, args, options }) {
    const password = await readPassword(options)
    if (password === undefined) {
      throw new CliError('usage', 'CLI_USAGE', 'give --password or --password-file')
    }
    const target = path`/api/v1/administrators/${args.name}/password`
    await api.call({ method: 'PUT', path: target, body: { password } })
    return { json: { done: 'password set', target: args.name }, text: `password set: ${args.name}` }
  },
})

export const statusCommands: readonly Command[] = [status, adminPassword]
