/**
 * What publishers said beside what the core reads. Of a service it stays with the service; of the
 * person, of one of his devices and of the document, one source speaks for each kind: that which
 * speaks for the person, else the newest (RFC 4479 §3.5).
 */
import { compareText } from '../../../util/compare-text.ts'
import type { Extra, Observation } from '../observation.ts'

export function ofService({ extras }: Observation): readonly Extra[] | undefined {
  return nonEmpty(extras?.filter(({ of }) => of === 'service' || of === 'status'))
}

/** `observations` from the one whose word counts most to the one whose word counts least. */
export function ofPerson(observations: readonly Observation[]): readonly Extra[] | undefined {
  const chosen = new Map<string, readonly Extra[]>()
  for (const { extras = [] } of observations) {
    for (const [key, said] of byKey(extras)) if (!chosen.has(key)) chosen.set(key, said)
  }
  const keys = [...chosen.keys()].sort(compareText)
  return nonEmpty(keys.flatMap((key) => chosen.get(key) ?? []))
}

function byKey(extras: readonly Extra[]): Map<string, Extra[]> {
  const found = new Map<string, Extra[]>()
  for (const extra of extras) {
    if (extra.of === 'service' || extra.of === 'status') continue
    const key = `${extra.of} ${extra.kind}`
    const others = found.get(key)
    if (others) others.push(extra)
    else found.set(key, [extra])
  }
  return found
}

export function sameExtras(
  a: readonly Extra[] | undefined,
  b: readonly Extra[] | undefined,
): boolean {
  if (a === b) return true
  if (a?.length !== b?.length) return false
  return !!a?.every((one, at) => {
    const other = b?.[at]
    return one.of === other?.of && one.kind === other.kind && one.text === other.text
  })
}

function nonEmpty(extras: readonly Extra[] | undefined): readonly Extra[] | undefined {
  return extras && extras.length > 0 ? extras : undefined
}
