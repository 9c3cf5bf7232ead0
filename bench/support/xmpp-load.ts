/**
 * Many XMPP clients in one process, told by its parent (`fork`) what to do next:
 * `{ kind: 'start', … }`, then `{ kind: 'login' | 'chat' | 'leave' }`, each answered by `Done`.
 */
import { LoadClient, type LoadTarget } from './xmpp-load-client.ts'

export type Order =
  | ({ kind: 'start'; clients: number; concurrency: number; messages: number } & LoadTarget)
  | { kind: 'login' | 'chat' | 'leave' }

export interface Done {
  readonly kind: 'done'
  readonly ms: number
  readonly errors: readonly string[]
}

/** What takes longer is an error, of everybody who is not finished. */
const PHASE_DEADLINE_MS = 120_000

let order: Extract<Order, { kind: 'start' }> | undefined
let clients: LoadClient[] = []

export const userName = (n: number) => `user${n}`

process.on('message', (message: Order) => {
  if (message.kind === 'start') order = message
  else void perform(message.kind)
})
process.on('disconnect', () => process.exit())

async function perform(kind: 'login' | 'chat' | 'leave'): Promise<void> {
  const started = performance.now()
  const errors: string[] = []
  const deadline = setTimeout(() => finish(['deadline']), PHASE_DEADLINE_MS)
  const finish = (more: readonly string[]) => {
    clearTimeout(deadline)
    const done: Done = {
      kind: 'done',
      ms: performance.now() - started,
      errors: [...errors, ...more],
    }
    process.send?.(done)
  }
  const record = (work: Promise<void>) =>
    work.catch((error: unknown) => void errors.push(String(error)))
  if (kind === 'login') await login(record)
  else if (kind === 'chat') await Promise.all(clients.map((client, n) => record(chat(client, n))))
  else await Promise.all(clients.map((client) => record(client.leave())))
  finish([])
}

async function login(record: (work: Promise<void>) => Promise<void>): Promise<void> {
  if (!order) throw new Error('not started')
  const { clients: count, concurrency } = order
  clients = []
  let next = 0
  const one = async (target: LoadTarget) => {
    while (next < count) {
      const n = next++
      const client = new LoadClient(target, userName(n))
      clients[n] = client
      await record(client.signIn())
    }
  }
  const target = order
  await Promise.all(Array.from({ length: concurrency }, () => one(target)))
}

/** In pairs: 0 with 1, 2 with 3 … */
function chat(client: LoadClient, n: number): Promise<void> {
  return client.chat(userName(n ^ 1), order?.messages ?? 0)
}
