/** `heliograph presence …`: what watchers see of a person, and why. */
import { path } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import type { ExplainReply, PresenceReply } from '../replies.ts'

const ADDRESS = { name: 'address', doc: 'Any address of the person.' } as const

const show = defineCommand({
  path: ['presence', 'show'],
  summary: 'Show the composed presence of a person',
  args: [ADDRESS],
  options: {},
  example: 'heliograph presence show alice@example.com',
  async run({ api, args }) {
    const target = path`/api/v1/presence/${args.address}`
    const presence = (await api.call({ method: 'GET', path: target })) as PresenceReply
    return { json: presence, text: presenceText(presence) }
  },
})

const explain = defineCommand({
  path: ['presence', 'explain'],
  summary: 'Say why a person’s presence is what it is',
  args: [ADDRESS],
  options: {},
  example: 'heliograph presence explain alice@example.com',
  async run({ api, args }) {
    const target = path`/api/v1/presence/${args.address}/explain`
    const explained = (await api.call({ method: 'GET', path: target })) as ExplainReply
    const { presence, rule, ruleText, winner, reports } = explained
    const rows = reports.flatMap(({ source, observations }) =>
      observations.map((one) => [
        winner?.source === source && winner.observation === one.id ? '*' : ' ',
        source,
        one.class,
        one.state,
        one.manual ? 'by hand' : 'automatic',
        `since ${one.since}`,
      ]),
    )
    const text = [presenceText(presence), `rule ${rule}: ${ruleText}`, table(rows)]
    return { json: explained, text: text.join('\n').trimEnd() }
  },
})

function presenceText({ presentity, state, note, since }: PresenceReply): string {
  return `${presentity} is ${state}${note === undefined ? '' : ` (${note})`} since ${since}`
}

export const presenceCommands: readonly Command[] = [show, explain]
