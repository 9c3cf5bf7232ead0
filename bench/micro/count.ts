/**
 * Prints what is counted of each operation as JSON. `counting.ts` starts it, with the flags that make
 * the counts the same each time: see there.
 *
 *   count.ts            bytes and steps, in code as it was written
 *   count.ts optimised  bytes, in code that V8 has optimised
 */
import { type Counts, counts } from './measure.ts'
import { Steps } from './steps.ts'

const isOptimised = process.argv[2] === 'optimised'
const steps = isOptimised ? undefined : new Steps()
// Counted is only what is loaded from here on.
const { OPERATIONS } = await import('./operations.ts')

const found: Record<string, Counts> = {}
for (const operation of OPERATIONS) {
  if (operation.isReference && !isOptimised) continue
  found[operation.name] = await counts(operation, isOptimised ? 10_000 : 200, steps)
}
console.log(JSON.stringify(found))
