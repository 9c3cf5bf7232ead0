/** In which order SRV targets are tried (RFC 2782). */
import { randomInt } from 'node:crypto'
import type { SrvRecord } from './records.ts'

/** Ascending priority; among equals a draw weighted by weight. A target of "." means no service. */
export function srvOrder(records: readonly SrvRecord[]): readonly SrvRecord[] {
  const left = records.filter(({ name }) => name !== '' && name !== '.')
  const ordered: SrvRecord[] = []
  while (left.length > 0) {
    const best = Math.min(...left.map(({ priority }) => priority))
    const chosen = draw(left.filter(({ priority }) => priority === best))
    if (!chosen) break
    ordered.push(chosen)
    left.splice(left.indexOf(chosen), 1)
  }
  return ordered
}

/** Those of weight 0 come first, so that they have a small chance beside heavy ones. */
function draw(equals: readonly SrvRecord[]): SrvRecord | undefined {
  const lightFirst = equals.toSorted((a, b) => Math.sign(a.weight) - Math.sign(b.weight))
  const total = equals.reduce((sum, { weight }) => sum + weight, 0)
  let ticket = randomInt(total + 1)
  for (const record of lightFirst) {
    ticket -= record.weight
    if (ticket <= 0) return record
  }
  return lightFirst[0]
}
