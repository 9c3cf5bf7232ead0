/** A load generator is a process of its own: its work is not the server's, and its CPU is known. */
import { type ChildProcess, fork } from 'node:child_process'
import { cpuMs } from './usage.ts'

interface Call {
  readonly id: number
  readonly operation: string
  readonly argument: unknown
}

type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }

/** By name, what a generator does: takes and answers what JSON can carry. */
export type Operations = Readonly<Record<string, (argument: never) => Promise<unknown>>>

/** What the caller knows of a generator's operations. */
type ArgumentOf<O extends Operations, K extends keyof O> = Parameters<O[K]>[0]
type ResultOf<O extends Operations, K extends keyof O> = Awaited<ReturnType<O[K]>>

const HEAP = '--max-old-space-size=4096'

export class Generator<O extends Operations> implements Disposable {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0

  constructor(file: string) {
    this.#child = fork(file, { execArgv: [HEAP] })
    this.#child.on('message', (answer: Answer) => this.#answered(answer))
    this.#child.on('exit', (code) => this.#failed(new Error(`the generator ended with ${code}`)))
  }

  /** Milliseconds of CPU so far. */
  cpuMs(): number {
    return cpuMs(this.#child.pid ?? 0)
  }

  /** Rejects with what the operation threw, or where the generator ends. */
  async call<K extends keyof O & string>(
    operation: K,
    argument: ArgumentOf<O, K>,
  ): Promise<ResultOf<O, K>> {
    this.#lastId += 1
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(this.#lastId, waiting)
    this.#child.send({ id: this.#lastId, operation, argument } satisfies Call)
    return (await waiting.promise) as ResultOf<O, K>
  }

  [Symbol.dispose](): void {
    this.#child.removeAllListeners('exit')
    this.#child.kill('SIGKILL')
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('error' in answer) waiting?.reject(new Error(answer.error))
    else waiting?.resolve(answer.result)
  }

  #failed(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** The generator's side: performs what is called until the caller has gone. */
export function serve(operations: Operations): void {
  process.on('disconnect', () => process.exit())
  process.on('message', ({ id, operation, argument }: Call) => {
    const perform = operations[operation]
    if (!perform) throw new Error(`no operation ${operation}`)
    perform(argument as never).then(
      (result) => process.send?.({ id, result } satisfies Answer),
      (error: unknown) => process.send?.({ id, error: String(error) } satisfies Answer),
    )
  })
}

/** Of values in no order; 0 ≤ `part` ≤ 1. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.round(part * (sorted.length - 1))] ?? Number.NaN
}
