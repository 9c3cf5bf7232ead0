/** One person from what several sources say, alone and in the service that keeps him. */
import { compose } from '../../src/core/presence/composition/compose.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import { FakeClock } from '../../test/support/fake-clock.ts'
import type { Operation, Run } from './operation.ts'
import { ALICE, CROWDS, NOON, reportsOf } from './people.ts'

/** The first source, a client, comes and goes to lunch; somebody is told each time. */
function reporting(sources: number): Run {
  const clock = new FakeClock(NOON)
  const presence = new PresenceService({ clock })
  let changes = 0
  presence.subscribe({ name: 'bench', presenceChanged: () => void changes++ })
  const [client, ...others] = reportsOf(sources)
  const [said] = client?.observations ?? []
  if (!client || !said) throw new Error('nobody says anything')
  for (const report of others) presence.report(report)
  let away = false
  return () => {
    away = !away
    const activity = away ? 'away' : 'available'
    clock.advance(1000)
    presence.report({ ...client, observations: [{ ...said, activity, since: clock.now() }] })
    return changes
  }
}

export const composition: readonly Operation[] = [
  ...Object.entries(CROWDS).map(([crowd, sources]) => ({
    name: `presence: compose ${crowd}`,
    setUp() {
      const reports = reportsOf(sources)
      return () => compose(ALICE, reports, NOON)
    },
  })),
  { name: 'presence: one of three sources changes', setUp: () => reporting(3) },
]
