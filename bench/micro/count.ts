/**
 * Prints what is counted of each operation as JSON. `counting.ts` starts it, with the flags that make
 * the counts the same each time: see there.
 *
 *   count.ts written [PART-OF-A-NAME]    bytes and steps, in code as it was written
 *   count.ts optimised [PART-OF-A-NAME]  bytes, in code that V8 has optimised
 */
import { type Counts, counts } from './measure.ts'
import { Steps } from './steps.ts'

const [, , code, part = ''] = process.argv
const isOptimised = code === 'optimised'
const steps = isOptimised ? undefined : new Steps()
// Counted is only what is loaded from here on.
const { OPERATIONS } = await import('./operations.ts')

const warmUp = isOptimised ? { runs: 100, ms: 200 } : { runs: 50, ms: 0 }
const found: Record<string, Counts> = {}
for (const operation of OPERATIONS) {
  if (!operation.name.includes(part) || (operation.isReference && !isOptimised)) continue
  found[operation.name] = await counts(operation, { warmUp, steps })
}
console.log(JSON.stringify(found))
