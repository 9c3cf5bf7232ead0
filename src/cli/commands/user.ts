/** `heliograph user …`: the people of the system. */
import { type ApiClient, path, query } from '../api-client.ts'
import { type Command, defineCommand, type Result, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { ImportReply, UserReply } from '../replies.ts'
import { PASSWORD_OPTIONS, readInput, readPassword } from '../secrets.ts'

const ADDRESS = { name: 'address', doc: 'Any address of the user.' } as const
const TYPE = {
  name: 'type',
  doc: 'xmpp, sip, e164, msrtc, other-xmpp, exchange or notes.',
} as const
const VALUE = { name: 'value', doc: 'The address itself.' } as const
const PAGE = 1000

const add = defineCommand({
  path: ['user', 'add'],
  summary: 'Add a user',
  args: [{ name: 'address', doc: 'local@domain; the domain must be one of the system.' }],
  options: { ...PASSWORD_OPTIONS, name: { value: 'NAME', doc: 'Display name.' } },
  example: 'heliograph user add erin@example.com --password-file erin.txt --name "Erin Example"',
  async run({ api, args, options }) {
    const password = await readPassword(options)
    const body = { address: args.address, password, name: options.name }
    const user = (await api.call({ method: 'POST', path: '/api/v1/users', body })) as UserReply
    const hint = password === undefined ? '; without a password he cannot sign in' : ''
    return { json: user, text: `added ${user.account}${hint}` }
  },
})

const list = defineCommand({
  path: ['user', 'list'],
  summary: 'List users',
  args: [],
  options: { domain: { value: 'DOMAIN', doc: 'Only the users of this domain.' } },
  example: 'heliograph user list --domain example.com',
  async run({ api, options }) {
    const users: UserReply[] = []
    for (;;) {
      const page = query({ domain: options.domain, after: users.at(-1)?.account, limit: PAGE })
      const reply = await api.call({ method: 'GET', path: `/api/v1/users${page}` })
      const batch = (reply as { users: UserReply[] }).users
      users.push(...batch)
      if (batch.length < PAGE) break
    }
    return { json: users, text: table(users.map(listed)) }
  },
})

function listed({ account, name, disabled }: UserReply): string[] {
  return [account, name, disabled ? 'disabled' : '']
}

const show = defineCommand({
  path: ['user', 'show'],
  summary: 'Show a user and his addresses',
  args: [ADDRESS],
  options: {},
  example: 'heliograph user show +15551234567',
  async run({ api, args }) {
    const user = (await api.call({
      method: 'GET',
      path: path`/api/v1/users/${args.address}`,
    })) as UserReply
    const rows = [
      ['account', user.account],
      ['name', user.name],
      ['created', user.createdAt],
      ...(user.disabled ? [['disabled', 'yes']] : []),
      ...user.addresses.map(({ type, value }) => [type, value]),
    ]
    return { json: user, text: table(rows) }
  },
})

const remove = defineCommand({
  path: ['user', 'remove'],
  summary: 'Remove a user and all that is his; his sessions end',
  args: [ADDRESS],
  options: {},
  example: 'heliograph user remove erin@example.com',
  async run({ api, args }) {
    await api.call({ method: 'DELETE', path: path`/api/v1/users/${args.address}` })
    return done('removed', args.address)
  },
})

const password = defineCommand({
  path: ['user', 'password'],
  summary: 'Set a user’s password; his sessions end',
  args: [ADDRESS],
  options: PASSWORD_OPTIONS,
  example: 'heliograph user password erin@example.com --password-file -',
  async run({ api, args, options }) {
    const secret = await readPassword(options)
    if (secret === undefined) {
      throw new CliError('usage', 'CLI_USAGE', 'give --password or --password-file')
    }
    const target = path`/api/v1/users/${args.address}/password`
    await api.call({ method: 'PUT', path: target, body: { password: secret } })
    return done('password set', args.address)
  },
})

const disable = defineCommand({
  path: ['user', 'disable'],
  summary: 'Keep a user from signing in; his sessions end, and all that is his stays',
  args: [ADDRESS],
  options: {},
  example: 'heliograph user disable erin@example.com',
  run: ({ api, args }) => setDisabled(api, args.address, true),
})

const enable = defineCommand({
  path: ['user', 'enable'],
  summary: 'Let a disabled user sign in again',
  args: [ADDRESS],
  options: {},
  example: 'heliograph user enable erin@example.com',
  run: ({ api, args }) => setDisabled(api, args.address, false),
})

async function setDisabled(api: ApiClient, address: string, disabled: boolean): Promise<Result> {
  const call = {
    method: 'PATCH',
    path: path`/api/v1/users/${address}`,
    body: { disabled },
  } as const
  const user = (await api.call(call)) as UserReply
  return { json: user, text: `${disabled ? 'disabled' : 'enabled'}: ${user.account}` }
}

const addAddress = defineCommand({
  path: ['user', 'address', 'add'],
  summary: 'Give a user another address',
  args: [ADDRESS, TYPE, VALUE],
  options: {},
  example: 'heliograph user address add erin@example.com e164 +15551234567',
  async run({ api, args }) {
    const { address, type, value } = args
    const target = path`/api/v1/users/${address}/addresses`
    await api.call({ method: 'POST', path: target, body: { type, value } })
    return done('added', value)
  },
})

const removeAddress = defineCommand({
  path: ['user', 'address', 'remove'],
  summary: 'Take an address from a user',
  args: [ADDRESS, TYPE, VALUE],
  options: {},
  example: 'heliograph user address remove erin@example.com e164 +15551234567',
  async run({ api, args }) {
    const { address, type, value } = args
    const target = path`/api/v1/users/${address}/addresses` + query({ type, value })
    await api.call({ method: 'DELETE', path: target })
    return done('removed', value)
  },
})

const importFile = defineCommand({
  path: ['user', 'import'],
  summary: 'Add users from a CSV file (RFC 4180): address,password,name',
  args: [{ name: 'file', doc: 'The file; - for standard input.' }],
  options: {
    'dry-run': { doc: 'Check every line and change nothing.' },
    update: { doc: 'Give users who exist the password and name of the file.' },
  },
  example: 'heliograph user import people.csv',
  async run({ api, args, switches }) {
    const dryRun = switches.has('dry-run')
    const existing = switches.has('update') ? 'update' : undefined
    const report = (await api.call({
      method: 'POST',
      path: `/api/v1/users/import${query({ dryRun, existing })}`,
      file: { bytes: await readInput(args.file), type: 'text/csv' },
    })) as ImportReply
    const lines = report.failed.map(({ line, code, reason }) => `line ${line}: ${code}: ${reason}`)
    const { added, updated, failed, failedTotal } = report
    if (failedTotal > failed.length) lines.push(`and ${failedTotal - failed.length} more`)
    const counts = `added ${added}, updated ${updated}, refused ${failedTotal}`
    lines.push(dryRun ? `dry run: ${counts}` : counts)
    return { json: report, text: lines.join('\n'), exitCode: failedTotal > 0 ? 1 : 0 }
  },
})

function done(what: string, target: string): Result {
  return { json: { done: what, target }, text: `${what}: ${target}` }
}

export const userCommands: readonly Command[] = [
  add,
  list,
  show,
  remove,
  password,
  disable,
  enable,
  addAddress,
  removeAddress,
  importFile,
]
