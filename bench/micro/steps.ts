import { type Profiler, Session } from 'node:inspector'

/** Where what is counted lies. */
const SOURCES = new URL('../../src/', import.meta.url).href

/**
 * Counts how often the blocks of our source are entered, as coverage does. Only of code that is loaded
 * after it was made; code so counted is not optimised.
 */
export class Steps {
  readonly #session = new Session()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Since the last time. */
  take(): number {
    let steps = 0
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error
      steps = answer.result.filter(({ url }) => url.startsWith(SOURCES)).reduce(stepsOf, 0)
    })
    return steps
  }
}

function stepsOf(before: number, { functions }: Profiler.ScriptCoverage): number {
  return functions
    .flatMap(({ ranges }) => ranges)
    .reduce((steps, { count }) => steps + count, before)
}
