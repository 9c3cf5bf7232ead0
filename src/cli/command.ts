/** The shape of a command: one record says what it takes, what it does and how it is documented. */
import type { ApiClient } from './api-client.ts'

export interface Argument {
  readonly name: string
  /** May be left out, and those after it. */
  readonly optional?: boolean
  readonly doc: string
}

export interface Option {
  /** What stands for the value in the help; without one the option is a switch. */
  readonly value?: string
  readonly doc: string
}

export interface Invocation<A extends string, O extends string> {
  readonly api: ApiClient
  /** Every argument of the record; '' for an optional one that was left out. */
  readonly args: Readonly<Record<A, string>>
  /** What follows the command, where it understands that itself. */
  readonly words: readonly string[]
  /** Options with a value that were given. */
  readonly options: Readonly<Partial<Record<O, string>>>
  /** Switches that were given. */
  readonly switches: ReadonlySet<O>
}

export interface Result {
  /** What `--json` prints. */
  readonly json: unknown
  /** What a person reads; may be empty. */
  readonly text: string
  /** 1 where the command ran but part of it was refused (an import). */
  readonly exitCode?: number
}

export interface Command<A extends string = string, O extends string = string> {
  /** Words of the command line: `['user', 'address', 'add']`. */
  readonly path: readonly string[]
  readonly summary: string
  readonly args: readonly (Argument & { readonly name: A })[]
  readonly options: Readonly<Record<O, Option>>
  /** It takes the words after it as they are, in these forms. */
  readonly forms?: readonly string[]
  readonly example: string
  run(invocation: Invocation<A, O>): Promise<Result>
}

/** Keeps the names of arguments and options in the type of `run`. */
export function defineCommand<A extends string, O extends string = never>(
  command: Command<A, O>,
): Command {
  return {
    ...command,
    // The parser gives `run` just the arguments and options that this record declares.
    run: (invocation) => command.run(invocation as Invocation<A, O>),
  }
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
