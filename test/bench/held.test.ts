import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { occupy } from '../../bench/harness/held.ts'
import type { HeldScenario, RunningServer, ServerName } from '../../bench/harness/scenario.ts'

const NONE = { settleMs: 0, watchMs: 0 }
const QUIET = { before: NONE, after: NONE }

/** A fleet of one process: this one. */
function fleetOf(events: string[]) {
  return {
    async startCopy(name: ServerName): Promise<RunningServer> {
      events.push(`start ${name}`)
      return {
        ...{ name, version: '1', pid: process.pid, ports: {} },
        collector: {
          async collect() {
            events.push(`collect ${name}`)
          },
        },
        async [Symbol.asyncDispose]() {
          events.push(`stop ${name}`)
        },
      }
    },
  }
}

function scenarioOf(events: string[], verify = () => Promise.resolve()): HeldScenario {
  return {
    ...{ name: 'idle', unit: 'bytes', servers: ['heliograph', 'prosody'] },
    async hold({ name }) {
      events.push(`few ${name}`)
      return {
        async fill() {
          events.push(`many ${name}`)
          return 7
        },
        async verify() {
          events.push(`verify ${name}`)
          await verify()
        },
        [Symbol.dispose]: () => void events.push(`leave ${name}`),
      }
    },
  }
}

const occupied = (scenario: HeldScenario, events: string[], quick = false) =>
  occupy(fleetOf(events), [scenario], { scale: { quick }, quiet: QUIET })

describe('memory of what is held', () => {
  it('is measured of all servers side by side, whose crowds come in turn', async () => {
    const events: string[] = []
    const found = await occupied(scenarioOf(events), events)
    assert.deepEqual(events, [
      ...['start heliograph', 'start prosody', 'few heliograph', 'few prosody'],
      ...['many heliograph', 'many prosody', 'verify heliograph', 'verify prosody'],
      ...['leave prosody', 'leave heliograph', 'stop prosody', 'stop heliograph'],
    ])
    assert.deepEqual(
      found.map(({ server, figures }) => [server.name, figures.operations, figures.note]),
      [
        ['heliograph', 7, undefined],
        ['prosody', 7, undefined],
      ],
    )
  })

  it('is what is needed after garbage has been collected, where that is asked for', async () => {
    const events: string[] = []
    await occupied({ ...scenarioOf(events), isCollected: true }, events)
    const collections = events.filter((event) => /^(collect|many) heliograph$/.test(event))
    assert.deepEqual(collections, ['collect heliograph', 'many heliograph', 'collect heliograph'])
  })

  it('is no figure where one of the crowd has gone', async () => {
    const gone = () => Promise.reject(new Error('one is not there'))
    await assert.rejects(
      occupied(scenarioOf([], gone), []),
      /idle, heliograph: Error: one is not there/,
    )
  })

  it('of a quick run says that it is not judged', async () => {
    const [one] = await occupied(scenarioOf([]), [], true)
    assert.match(one?.figures.note ?? '', /^not judged/)
  })
})
