/** Exit codes of `heliograph`, for scripts; they stay. */
export const EXIT_CODES = {
  done: [0, 'The command did what it says.'],
  refused: [1, 'The server refused the command, or a part of it; the reason is printed.'],
  usage: [2, 'The command line is not understood.'],
  unreachable: [3, 'No server answers on the socket in the data directory.'],
} as const

/** Refusals of the command line itself; the server’s are the API’s. */
export const CLI_ERRORS = {
  CLI_USAGE: 'The command line is not understood.',
  CLI_UNREADABLE: 'A file that the command line names cannot be read.',
  CLI_NO_SERVER: 'No server answers on the socket in the data directory.',
} as const

export class CliError extends Error {
  readonly kind: 'refused' | 'usage' | 'unreachable'
  /** Stable, as in docs/reference/errors.md. */
  readonly code: string

  constructor(kind: CliError['kind'], code: string, message: string) {
    super(message)
    this.name = 'CliError'
    this.kind = kind
    this.code = code
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind][0]
  }
}
