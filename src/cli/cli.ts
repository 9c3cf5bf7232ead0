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

/** The manual’s scripts know the last two. */
const HELP: readonly string[] = ['--help', '-help', '-?']

export async function runCli(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<number> {
  const json = argv.includes('--json')
  try {
    const command = findCommand(argv)
    if (!command) return showOverview(argv, output)
    if (argv.some((word) => HELP.includes(word))) {
      output.out(commandHelp(command))
      return 0
    }
    const { data, ...invocation } = parse(command, argv)
    const api = new ApiClient(data ?? env.HELIOGRAPH_DATA ?? './data')
    const result = await command.run({ api, ...invocation })
    const isJson = json && result.json !== undefined
    const text = isJson ? JSON.stringify(result.json, null, 2) : result.text
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
  // The manual's scripts are known with their ending, too.
  const [first = '', ...rest] = positionals
  const words = [first.replace(/\.sh$/, ''), ...rest]
  return commands.find(({ path }) => path.every((word, at) => words[at] === word))
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
  if (command.forms) return takeWords(argv)
  const { values, positionals } = parseWords(command, argv)
  const given = positionals.slice(command.path.length)
  const required = command.args.filter(({ optional }) => !optional).length
  if (given.length < required || given.length > command.args.length) {
    throw new CliError('usage', 'CLI_USAGE', `usage: ${commandHelp(command).split('\n', 1)[0]}`)
  }
  const args = Object.fromEntries(command.args.map(({ name }, at) => [name, given[at] ?? '']))
  const { data, ...rest } = values
  const options: Record<string, string> = {}
  const switches = new Set<string>()
  for (const [name, value] of Object.entries(rest)) {
    if (typeof value === 'string') options[name] = value
    else if (value === true) switches.add(name)
  }
  const directory = typeof data === 'string' ? data : undefined
  return { data: directory, args, options, switches, words: given }
}

/** All but the options that every command has, and the command itself. */
function takeWords(argv: readonly string[]) {
  let data: string | undefined
  const words: string[] = []
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    if (word === '--data') data = argv[++at]
    else if (word.startsWith('--data=')) data = word.slice('--data='.length)
    else if (word !== '--json') words.push(word)
  }
  return { data, args: {}, options: {}, switches: new Set<string>(), words: words.slice(1) }
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
