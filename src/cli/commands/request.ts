/** `heliograph request …`: those who wait for a user's word. */
import { path } from '../api-client.ts'
import { type Command, defineCommand } from '../command.ts'
import type { WatchRequestsReply } from '../replies.ts'
import { parseAction, RULE_OPTIONS } from '../rules.ts'

const ADDRESS = { name: 'address', doc: 'Any address of the user who was asked.' } as const

const list = defineCommand({
  path: ['request', 'list'],
  summary: 'List who waits for a user’s word',
  args: [ADDRESS],
  options: {},
  example: 'heliograph request list alice@example.com',
  async run({ api, args }) {
    const target = path`/api/v1/users/${args.address}/watch-requests`
    const reply = (await api.call({ method: 'GET', path: target })) as WatchRequestsReply
    return { json: reply, text: reply.requests.map(({ watcher }) => watcher).join('\n') }
  },
})

const answer = defineCommand({
  path: ['request', 'answer'],
  summary: 'Answer a request in place of the user who was asked',
  args: [
    ADDRESS,
    { name: 'watcher', doc: 'The one who asked.' },
    { name: 'action', doc: 'allow or block.' },
  ],
  options: {
    level: {
      ...RULE_OPTIONS.level,
      doc: 'How much is allowed, the rest being blocked; All where not given.',
    },
  },
  example: 'heliograph request answer alice@example.com bob@partner.example allow',
  async run({ api, args, options }) {
    const { address, watcher } = args
    const action = parseAction(args.action, ['allow', 'block'])
    const target = path`/api/v1/users/${address}/watch-requests/${watcher}`
    await api.call({ method: 'POST', path: target, body: { action, level: options.level } })
    const done = action === 'allow' ? 'allowed' : 'blocked'
    return { json: { done, target: watcher }, text: `${done}: ${watcher}` }
  },
})

export const requestCommands: readonly Command[] = [list, answer]
