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

export function counter<L extends string = never>({ name, help, labels }: Declaration<L>) {
  return new Counter<L>({ name, help, labelNames: labels ?? [], registers: [metrics] })
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
