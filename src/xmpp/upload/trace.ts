/**
 * An error for the log. Those of the file system name paths, whose last part is what others need to load the file:
 * only what went wrong is written.
 */
export function traceOf(error: unknown): Record<string, unknown> {
  const isSystem = error instanceof Error && 'syscall' in error && 'code' in error
  return isSystem ? { code: error.code, syscall: error.syscall } : { err: error }
}
