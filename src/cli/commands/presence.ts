/** `heliograph presence …`: what watchers see of a person, and why. */
import { parseDuration } from '../../config/values.ts'
import { SystemClock } from '../../util/clock.ts'
import { type ApiClient, path, query } from '../api-client.ts'
import { type Command, defineCommand, type Result, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type {
  ExplainReply,
  PresenceReply,
  ReasonReply,
  ViewReply,
  WatcherReply,
} from '../replies.ts'
import { ruleText } from '../rules.ts'

const ADDRESS = { name: 'address', doc: 'Any address of the person.' } as const

const show = defineCommand({
  path: ['presence', 'show'],
  summary: 'Show the composed presence of a person, or what a watcher would see of it',
  args: [ADDRESS],
  options: {
    as: { value: 'WATCHER', doc: 'As this watcher would see it, and which rules make it so.' },
    external: { doc: 'The watcher is of another system, and his address is taken as it is.' },
  },
  example: 'heliograph presence show alice@example.com --as bob@example.com',
  async run({ api, args, options, switches }) {
    if (options.as !== undefined) {
      const external = switches.has('external') || undefined
      return showAs(api, { ...args, as: options.as, external })
    }
    const target = path`/api/v1/presence/${args.address}`
    const presence = (await api.call({ method: 'GET', path: target })) as PresenceReply
    return { json: presence, text: [presenceText(presence), ...reachLines(presence)].join('\n') }
  },
})

/** By what he can be reached, and where. */
function reachLines({ modalities }: PresenceReply): string[] {
  const media = Object.entries(modalities)
  const by = media.filter(([, { reachable }]) => reachable)
  const notBy = media.filter(([, { reachable }]) => !reachable)
  return [
    ...by.map(
      ([medium, { contact }]) => `  ${medium}${contact === undefined ? '' : ` ${contact}`}`,
    ),
    ...notBy.map(([medium]) => `  ${medium} not now`),
  ]
}

async function showAs(
  api: ApiClient,
  { address, as, external }: { address: string; as: string; external: boolean | undefined },
): Promise<Result> {
  const target = path`/api/v1/presence/${address}/as/${as}` + query({ external })
  const view = (await api.call({ method: 'GET', path: target })) as ViewReply
  const { watcher, decision, asks, presence, reasons } = view
  const waits = asks && decision === 'allow' ? ', and waits for more' : ''
  const text = [
    presenceText(presence),
    ...presence.tuples.map((tuple) => `  ${tuple.class} ${tuple.state}`),
    `to ${watcher}: ${decision}${waits}`,
    ...allReasonLines(reasons),
  ]
  return { json: view, text: text.join('\n') }
}

const explain = defineCommand({
  path: ['presence', 'explain'],
  summary: 'Say why a person’s presence is what it is, and what is hidden from whom',
  args: [ADDRESS],
  options: {},
  example: 'heliograph presence explain alice@example.com',
  async run({ api, args }) {
    const target = path`/api/v1/presence/${args.address}/explain`
    const explained = (await api.call({ method: 'GET', path: target })) as ExplainReply
    const { presence, rule, ruleText: ruleSentence, winner, reports } = explained
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
    const text = [presenceText(presence), `rule ${rule}: ${ruleSentence}`]
    if (rows.length > 0) text.push(table(rows))
    return { json: explained, text: [...text, ...watcherLines(explained)].join('\n') }
  },
})

function watcherLines({ watchers, watchersTotal }: ExplainReply): string[] {
  const lines = watchers.flatMap((watcher) => [
    watcherText(watcher),
    ...reasonLines(watcher.hidden),
  ])
  const more = watchersTotal - watchers.length
  return more > 0 ? [...lines, `and ${more} more watchers`] : lines
}

function watcherText({ watcher, protocol, status, visible }: WatcherReply): string {
  const waits = status === 'pending' ? ', waiting' : ''
  return `${watcher} (${protocol}${waits}) sees ${visible === 'none' ? 'nothing' : visible}`
}

const MANY = 4

/** All of them, and so the most are the rest. */
function allReasonLines(reasons: readonly ReasonReply[]): string[] {
  const lines = reasonLines(reasons)
  if (lines.length === 1) return lines.map((line) => line.replace(/^ {2}[^:]+/, '  everything'))
  const most = lines.toSorted((a, b) => b.split(', ').length - a.split(', ').length)[0] ?? ''
  if (most.split(', ').length < MANY) return lines
  const rest = most.replace(/^ {2}[^:]+/, '  everything else')
  return [...lines.filter((line) => line !== most), rest]
}

/** Classes with the same ground share a line. */
function reasonLines(reasons: readonly ReasonReply[]): string[] {
  const byGround = new Map<string, string[]>()
  for (const reason of reasons) {
    const by = reason.rule ? ruleText(reason.rule) : reason.because
    const ground = `${reason.action} by ${by}`
    byGround.set(ground, [...(byGround.get(ground) ?? []), reason.class])
  }
  return [...byGround].map(([ground, classes]) => `  ${classes.join(', ')}: ${ground}`)
}

const set = defineCommand({
  path: ['presence', 'set'],
  summary: 'Say what a person is doing, as if he had said so himself',
  args: [
    ADDRESS,
    {
      name: 'state',
      doc: 'available, busy, in-a-meeting, do-not-disturb, be-right-back, away, out-of-office, appear-offline …',
    },
  ],
  options: {
    note: { value: 'TEXT', doc: 'What watchers read beside it.' },
    for: { value: 'DURATION', doc: 'How long it lasts: 30m, 2h, 1d. Without an end it stays.' },
    until: { value: 'TIME', doc: 'When it ends, as 2026-12-24T18:00:00Z.' },
    'until-sign-in': { doc: 'It ends with the next sign-in of a client of his.' },
  },
  example:
    'heliograph presence set alice@example.com out-of-office --note "Back on Monday" --for 3d',
  async run({ api, args, options, switches }) {
    if (options.for !== undefined && options.until !== undefined) {
      throw new CliError('usage', 'CLI_USAGE', '--for and --until say the same in two ways')
    }
    const body = {
      state: args.state,
      note: options.note,
      until: options.until ?? untilAfter(options.for),
      ...(switches.has('until-sign-in') && { clear: 'sign-in' }),
    }
    const target = path`/api/v1/presence/${args.address}`
    const presence = (await api.call({ method: 'PUT', path: target, body })) as PresenceReply
    return { json: presence, text: presenceText(presence) }
  },
})

function untilAfter(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  if (!duration)
    throw new CliError('usage', 'CLI_USAGE', '--for takes a duration such as 30m or 2h')
  return new Date(new SystemClock().now() + duration.value).toISOString()
}

const clear = defineCommand({
  path: ['presence', 'clear'],
  summary: 'Take back what a person, or an administrator for him, said by hand',
  args: [ADDRESS],
  options: {},
  example: 'heliograph presence clear alice@example.com',
  async run({ api, args }) {
    const target = path`/api/v1/presence/${args.address}`
    const presence = (await api.call({ method: 'DELETE', path: target })) as PresenceReply
    return { json: presence, text: presenceText(presence) }
  },
})

function presenceText({ presentity, state, note, since }: PresenceReply): string {
  return `${presentity} is ${state}${note === undefined ? '' : ` (${note})`} since ${since}`
}

export const presenceCommands: readonly Command[] = [show, explain, set, clear]
