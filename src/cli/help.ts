/** The help of the command line; `docs/reference/cli.md` is made of the same words. */
import { type Argument, type Command, type Option, table } from './command.ts'
import { EXIT_CODES } from './exit-codes.ts'

/** `heliograph user add ADDRESS [--name NAME]`. */
export function usage({ path, args, options, forms }: Command): string {
  const words = ['heliograph', ...path, ...args.map(argumentUsage)]
  for (const [name, option] of Object.entries<Option>(options)) {
    words.push(option.value === undefined ? `[--${name}]` : `[--${name} ${option.value}]`)
  }
  if (forms) words.push('…')
  return words.join(' ')
}

function argumentUsage({ name, optional }: Argument): string {
  return optional ? `[${name.toUpperCase()}]` : name.toUpperCase()
}

export function commandHelp(command: Command): string {
  const rows = [
    ...command.args.map(({ name, doc }) => [`  ${name.toUpperCase()}`, doc]),
    ...Object.entries<Option>(command.options).map(([name, { value, doc }]) => [
      `  --${name}${value === undefined ? '' : ` ${value}`}`,
      doc,
    ]),
  ]
  const { path, forms } = command
  const ownForms = forms?.map((form) => ['heliograph', ...path, form].join(' ').trimEnd())
  return [
    ...(ownForms ?? [usage(command)]),
    '',
    command.summary,
    ...(rows.length > 0 ? ['', table(rows)] : []),
    '',
    `Example: ${command.example}`,
  ].join('\n')
}

export function overview(commands: readonly Command[]): string {
  const rows = commands.map((command) => [`  ${command.path.join(' ')}`, command.summary])
  const codes = Object.values(EXIT_CODES).map(([code, meaning]) => [`  ${code}`, meaning])
  return [
    'heliograph [--data DIR] [--json] COMMAND …',
    '',
    table(rows),
    '',
    'Exit codes:',
    table(codes),
    '',
    'heliograph COMMAND --help says more.',
  ].join('\n')
}
