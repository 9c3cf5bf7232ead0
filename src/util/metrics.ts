/**
 * Metrics, declared beside the code that counts and served at `/metrics` (Prometheus text format).
 * Names are `heliograph_<area>_<noun>_<unit>`.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export const metrics = new Registry()

interface Declaration<L extends string> {
  name: `heliograph_${string}`
  help: string
  labels?: readonly L[]
}

/** A counter has two labels at most: more would make it a table. */
interface CounterDeclaration<L extends string> extends Declaration<L> {
  labels?: readonly [] | readonly [L] | readonly [L, L]
}

/** Counts up; what it has counted is handed to the registry when somebody asks for it. */
export interface EventCounter<L extends string> {
  /** Each label of the declaration has a value. */
  inc(labels?: Readonly<Record<L, string | number>>): void
}

interface Counted<L extends string> {
  readonly labels: Readonly<Record<L, string | number>>
  count: number
}

/** Counting is part of every stanza and message: hashing the labels each time would be a tenth of its cost. */
export function counter<L extends string = never>({
  name,
  help,
  labels = [],
}: CounterDeclaration<L>): EventCounter<L> {
  /** By the first label's value, then by the second's: a key made of both would be hashed anew each time. */
  const counts = new Map<string | number, Map<string | number | undefined, Counted<L>>>()
  let unlabelled = 0
  new Counter<L>({
    name,
    help,
    labelNames: labels,
    registers: [metrics],
    collect() {
      if (unlabelled > 0) this.inc(unlabelled)
      unlabelled = 0
      for (const row of counts.values()) {
        for (const counted of row.values()) {
          if (counted.count > 0) this.inc(counted.labels, counted.count)
          counted.count = 0
        }
      }
    },
  })
  const [first, second] = labels
  return {
    inc(values) {
      if (!values || first === undefined) {
        unlabelled += 1
        return
      }
      let row = counts.get(values[first])
      if (!row) {
        row = new Map()
        counts.set(values[first], row)
      }
      const key = second && values[second]
      const known = row.get(key)
      if (known) known.count += 1
      else row.set(key, { labels: { ...values }, count: 1 })
    },
  }
}

/** `read`, where given, is asked at each scrape, so that a gauge can mirror state nobody has to count. */
export function gauge<L extends string = never>(
  { name, help, labels }: Declaration<L>,
  read?: (gauge: Gauge<L>) => void,
) {
  return new Gauge<L>({
    name,
    help,
    labelNames: labels ?? [],
    registers: [metrics],
    ...(read && {
      collect() {
        read(this)
      },
    }),
  })
}

export function histogram<L extends string = never>(
  { name, help, labels }: Declaration<L>,
  buckets: number[],
) {
  return new Histogram<L>({ name, help, labelNames: labels ?? [], buckets, registers: [metrics] })
}
