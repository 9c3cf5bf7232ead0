/** `heliograph watchers`: who watches whom now, as the manual's `watchers.sh` prints it. */
import { query } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { WatchesReply, WatchReply } from '../replies.ts'

const watchers = defineCommand({
  path: ['watchers'],
  summary: 'Show whom a user is watching now, or who is watching him; also as watchers.sh',
  args: [],
  options: {
    watching: { value: 'ADDRESS', doc: 'Whom this user is watching, and how many by his roster.' },
    watched: { value: 'ADDRESS', doc: 'Who is watching this user.' },
  },
  example: 'heliograph watchers --watched alice@example.com',
  async run({ api, options: { watching, watched } }) {
    if ((watching === undefined) === (watched === undefined)) {
      throw new CliError('usage', 'CLI_USAGE', 'give one of --watching and --watched')
    }
    const target = `/api/v1/watchers${query({ watching, watched })}`
    const reply = (await api.call({ method: 'GET', path: target })) as WatchesReply
    const text = watched === undefined ? watchingText(reply) : watchedText(reply)
    return { json: reply, text }
  },
})

function watchingText({ address, watches }: WatchesReply): string {
  const lines = linesOf(watches, ({ presentity }) => presentity)
  const rosters = watches.filter(({ roster }) => roster).length
  const count = `${lines.length} users and ${rosters} rosters`
  return [`${address} is watching`, ...indented(lines), count].join('\n')
}

function watchedText({ address, watches }: WatchesReply): string {
  const lines = linesOf(watches, ({ watcher }) => watcher)
  return [`Users watching ${address}`, ...indented(lines), `${lines.length} watchers`].join('\n')
}

/** One for each person, whatever the protocols that he uses. */
function linesOf(
  watches: readonly WatchReply[],
  nameOf: (watch: WatchReply) => string,
): [name: string, counts: string][] {
  const byName = new Map<string, WatchReply[]>()
  for (const watch of watches) {
    const name = nameOf(watch)
    byName.set(name, [...(byName.get(name) ?? []), watch])
  }
  return [...byName].map(([name, own]) => {
    const subscriptions = own.reduce((sum, watch) => sum + watch.subscriptions, 0)
    const pending = own.every(({ status }) => status === 'pending') ? '  pending' : ''
    return [name, `${subscriptions} subscriptions${pending}`]
  })
}

function indented(lines: readonly (readonly string[])[]): string[] {
  if (lines.length === 0) return []
  return table(lines)
    .split('\n')
    .map((line) => `  ${line}`)
}

export const watcherCommands: readonly Command[] = [watchers]
