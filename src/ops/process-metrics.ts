/** What the process itself costs, under the names that Prometheus' dashboards for Node know. */
import { collectDefaultMetrics } from 'prom-client'
import { gauge, metrics } from '../util/metrics.ts'

/** Memory, CPU, event-loop delay, garbage collection, open files. To be called once. */
export function collectProcessMetrics(version: string): void {
  collectDefaultMetrics({ register: metrics })
  gauge({
    name: 'heliograph_build_info',
    help: 'Always 1; the label says which version runs.',
    labels: ['version'],
  }).set({ version }, 1)
}
