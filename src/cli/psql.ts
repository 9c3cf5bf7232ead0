/** Tables and times as PostgreSQL's psql prints them, which the manual's tools let through. */
/** As psql prints it, heads in the middle. */
export function psqlTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) => ` ${cells.join(' | ')}`.trimEnd()
  const heading = heads.map((head, at) => centred(head, widths[at] ?? 0))
  return [
    line(heading),
    widths.map((width) => '-'.repeat(width + 2)).join('+'),
    ...rows.map((row) => line(row.map((cell, at) => cell.padEnd(widths[at] ?? 0)))),
    `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`,
  ].join('\n')
}

function centred(text: string, width: number): string {
  const before = Math.floor((width - text.length) / 2)
  return `${' '.repeat(before)}${text}`.padEnd(width)
}

/** `2012-09-20 16:54:50.435`, in UTC. */
export function timestamp(instant: string): string {
  return instant.replace('T', ' ').replace('Z', '')
}
