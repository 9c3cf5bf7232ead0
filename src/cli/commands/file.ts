/** `heliograph user file …`: files that users share (XEP-0363). */
import { path, query } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { FileReply } from '../replies.ts'

const ADDRESS = { name: 'address', doc: 'Any address of the user.' } as const
const PAGE = 1000

const list = defineCommand({
  path: ['user', 'file', 'list'],
  summary: 'List the files that a user shares',
  args: [ADDRESS],
  options: {},
  example: 'heliograph user file list erin@example.com',
  async run({ api, args }) {
    const files: FileReply[] = []
    for (;;) {
      const page = query({ after: files.at(-1)?.id, limit: PAGE })
      const target = path`/api/v1/users/${args.address}/files` + page
      const reply = (await api.call({ method: 'GET', path: target })) as { files: FileReply[] }
      files.push(...reply.files)
      if (reply.files.length < PAGE) break
    }
    return { json: files, text: table(files.map(listed)) }
  },
})

function listed({ id, name, type, size, createdAt, expiresAt = 'stays' }: FileReply): string[] {
  return [id, createdAt.slice(0, 16), expiresAt.slice(0, 16), String(size), type, name]
}

const remove = defineCommand({
  path: ['user', 'file', 'remove'],
  summary: 'Remove a file that a user shares, or all of them',
  args: [ADDRESS],
  options: {
    file: { value: 'ID', doc: 'The one, as `user file list` names it.' },
    all: { doc: 'All of them.' },
  },
  example: 'heliograph user file remove erin@example.com --all',
  async run({ api, args, options, switches }) {
    const { file } = options
    if ((file === undefined) !== switches.has('all')) {
      throw new CliError('usage', 'CLI_USAGE', 'give --file or --all')
    }
    const all = path`/api/v1/users/${args.address}/files`
    const one = path`/api/v1/users/${args.address}/files/${file ?? ''}`
    await api.call({ method: 'DELETE', path: file === undefined ? all : one })
    const target = file ?? args.address
    return { json: { done: 'removed', target }, text: `removed: ${target}` }
  },
})

export const fileCommands: readonly Command[] = [list, remove]
