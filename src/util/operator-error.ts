/**
 * Errors that an operator can cause and can mend. Each has a stable code, listed with its meaning
 * and remedy in the catalogue below, from which `docs/reference/errors.md` is generated.
 */
export const OPERATOR_ERRORS = {
  CFG_UNKNOWN_OPTION: 'An option name is not known. The message names the nearest one that is.',
  CFG_BAD_VALUE: 'An option has a value of the wrong type or out of bounds.',
  CFG_UNREADABLE: 'The configuration file, or a file that an option names, cannot be read.',
  CFG_SYNTAX: 'The configuration file is not valid YAML.',
  CFG_USAGE: 'The command line is not understood.',
  NET_PORT_IN_USE: 'Another process listens on this address and port.',
  NET_BAD_ADDRESS: 'A listener’s address is not one of this machine’s, or may not be used.',
  TLS_BAD_CERTIFICATE: 'A certificate or key cannot be read, does not parse, or they do not match.',
  DB_UNREACHABLE: 'The database cannot be opened or does not answer.',
  DB_TOO_NEW: 'The database was written by a newer Heliograph.',
  DATA_IN_USE: 'Another Heliograph process uses this data directory.',
  DATA_UNWRITABLE: 'The data directory cannot be created or written.',
} as const

export type OperatorErrorCode = keyof typeof OPERATOR_ERRORS

/** Printed as one line, `CODE: message`, and ends the process with exit code 2. */
export class OperatorError extends Error {
  readonly code: OperatorErrorCode

  constructor(code: OperatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OperatorError'
    this.code = code
  }
}
