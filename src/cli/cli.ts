/** Parses a command line, runs its command, prints the result; answers the exit code. */
import { parseArgs } from 'node:util'
import { ApiClient } from './api-client.ts'
import type { Command, Option } from './command.ts'
import { commands } from './commands/index.ts'
import { CliError } from './exit-codes.ts'
import { commandHelp, overview } from './help.ts'

export interface Output {
  out(text: string): void
  err(text: string): void
}

export const GLOBAL_OPTIONS = {
  data: { value: 'DIR', doc: 'The server’s data directory (default ./data, or $HELIOGRAPH_DATA).' },
  json: { doc: 'Print the result, or the refusal, as JSON.' },
  help: { doc: 'Show help.' },
} as const satisfies Record<string, Option>

export async function runCli(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<number> {
  const json = argv.includes('--json')
  try {
    const command = findCommand(argv)
    if (!command) return showOverview(argv, output)
    if (argv.includes('--help')) {
      output.out(commandHelp(command))
      return 0
    }
    const { data, ...invocation } = parse(command, argv)
    const api = new ApiClient(data ?? env.HELIOGRAPH_DATA ?? './data')
    const result = await command.run({ api, ...invocation })
    const text = json ? JSON.stringify(result.json, null, 2) : result.text
    if (text !== '') output.out(text)
    return result.exitCode ?? 0
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const { code, message } = error
    output.err(json ? JSON.stringify({ error: { code, message } }) : `${code}: ${message}`)
    return error.exitCode
  }
}

/** Options may stand before the command: which words are values is known only with every option’s type. */
function findCommand(argv: readonly string[]): Command | undefined {
  const declared = Object.assign({}, GLOBAL_OPTIONS, ...commands.map(({ options }) => options))
  const { positionals } = parseArgs({ args: [...argv], options: typesOf(declared), strict: false })
  return commands.find(({ path }) => path.every((word, at) => positionals[at] === word))
}

function showOverview(argv: readonly string[], { out, err }: Output): number {
  if (argv.length === 0 || argv.includes('--help') || argv[0] === 'help') {
    out(overview(commands))
    return 0
  }
  err(`CLI_USAGE: there is no such command: ${argv.join(' ')}\n\n${overview(commands)}`)
  return 2
}

function parse(command: Command, argv: readonly string[]) {
  const { values, positionals } = parseWords(command, argv)
  const given = positionals.slice(command.path.length)
  if (given.length !== command.args.length) {
    throw new CliError('usage', 'CLI_USAGE', `usage: ${commandHelp(command).split('\n', 1)[0]}`)
  }
  const args = Object.fromEntries(command.args.map(({ name }, at) => [name, given[at] ?? '']))
  const options: Record<string, string> = {}
  const switches = new Set<string>()
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') options[name] = value
    else if (value === true) switches.add(name)
  }
  return { data: options.data, args, options, switches }
}

function parseWords(command: Command, argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: typesOf({ ...GLOBAL_OPTIONS, ...command.options }),
      allowPositionals: true,
      strict: true,
    })
  } catch (error) {
    throw new CliError('usage', 'CLI_USAGE', error instanceof Error ? error.message : String(error))
  }
}

function typesOf(options: Readonly<Record<string, Option>>) {
  const types = Object.entries(options).map(([name, { value }]) => {
    const type: 'string' | 'boolean' = value === undefined ? 'boolean' : 'string'
    return [name, { type }] as const
  })
  return Object.fromEntries(types)
}
