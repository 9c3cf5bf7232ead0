import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import type { Option } from './command.ts'
import { CliError } from './exit-codes.ts'

export const PASSWORD_OPTIONS = {
  password: {
    value: 'PASSWORD',
    doc: 'The password. Other users of this machine may see it in the process list.',
  },
  'password-file': {
    value: 'FILE',
    doc: 'A file whose first line is the password; - for standard input.',
  },
} as const satisfies Record<string, Option>

/** The password that the options name; `undefined` where none does. Throws `CliError`. */
export async function readPassword(options: {
  password?: string
  'password-file'?: string
}): Promise<string | undefined> {
  const file = options['password-file']
  if (file === undefined) return options.password
  if (options.password !== undefined) {
    throw new CliError('usage', 'CLI_USAGE', 'give --password or --password-file, not both')
  }
  return (await readInput(file)).toString('utf8').split(/\r?\n/, 1)[0] ?? ''
}

/** A file, or standard input for `-`. Throws `CliError`. */
export async function readInput(file: string): Promise<Buffer> {
  try {
    // Not /dev/stdin: that cannot be opened where it is a socket.
    return await (file === '-' ? buffer(process.stdin) : readFile(file))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError('usage', 'CLI_UNREADABLE', `cannot read ${file}: ${reason}`)
  }
}
