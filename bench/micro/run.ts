/**
 * The micro-benchmarks: for each operation its time, what it allocates and its steps through our
 * source. Bytes and steps are those that the tests hold to `allocations.json`; `bytes, optimised` is
 * what is left of them in a server that has run for a while.
 *
 *   run.ts [--quick] [--only PART-OF-A-NAME] [--json FILE]
 *   run.ts --write-allocations     after a change that was meant: counts, and writes the file
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { countAsWritten, countOptimised, writeCommitted } from './counting.ts'
import { type Counts, nanoseconds } from './measure.ts'
import { OPERATIONS } from './operations.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    'write-allocations': { type: 'boolean', default: false },
  },
})

/** Milliseconds and number of passes. */
const TIMES = values.quick ? { passMs: 10, passes: 3 } : { passMs: 40, passes: 6 }

interface Row extends Partial<Counts> {
  readonly name: string
  readonly ns: number
  readonly optimisedBytes: number | undefined
}

async function measureAll(): Promise<Row[]> {
  const written = await countAsWritten(values.only)
  const optimised = values.quick ? {} : await countOptimised(values.only)
  const rows: Row[] = []
  for (const operation of OPERATIONS) {
    const { name } = operation
    if (!name.includes(values.only)) continue
    const ns = Math.round(await nanoseconds(operation, TIMES))
    rows.push({ name, ns, ...written[name], optimisedBytes: optimised[name]?.bytes })
  }
  return rows
}

function line(name: string, ...columns: (string | number | undefined)[]): string {
  return name.padEnd(46) + columns.map((column) => String(column ?? '–').padStart(18)).join('')
}

if (values['write-allocations']) {
  await writeCommitted(await countAsWritten())
} else {
  const rows = await measureAll()
  console.log(line('', 'ns', 'bytes', 'bytes, optimised', 'steps'))
  for (const { name, ns, bytes, optimisedBytes, steps } of rows) {
    console.log(line(name, ns, bytes, optimisedBytes, steps))
  }
  if (values.json !== undefined) {
    const result = { node: process.version, operations: rows }
    await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)
  }
}
