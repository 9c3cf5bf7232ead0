/** Where the connections of a test come from: this thread, or others where the run asks for them. */
import type { TestContext } from 'node:test'
import { Edges } from '../../src/net/edges.ts'
import type { FindContext, LinkSource } from '../../src/net/link.ts'
import { linksHere } from '../../src/net/listen.ts'
import { TlsContexts } from '../../src/net/tls-contexts.ts'
import type { Clock } from '../../src/util/clock.ts'
import type { Log } from '../../src/util/log.ts'
import type { OverloadGuard } from '../../src/util/overload.ts'
import { testIdentity } from './certificate.ts'
import { disposeAfter } from './databases.ts'

/** `script/test` runs the tests of client connections a second time with it. */
export const WORKERS = Number(process.env.HELIOGRAPH_TEST_WORKERS ?? 0)

export interface TestLinksOptions {
  readonly clock: Clock
  readonly log: Log
  readonly overload?: Pick<OverloadGuard, 'watch'> | undefined
  /** For tests of certificates, which stay in this thread. */
  readonly secureContext?: FindContext | undefined
  readonly workers?: number
}

export async function testLinks(t: TestContext, options: TestLinksOptions): Promise<LinkSource> {
  const { secureContext, workers = WORKERS } = options
  if (workers > 0 && !secureContext) return await testEdges(t, { ...options, workers })
  const main = { ...(await testIdentity()), minVersion: 'TLSv1.2' } as const
  const contexts = new TlsContexts({ main, others: [] })
  return linksHere({
    secureContext: secureContext ?? ((domain, authorities) => contexts.for(domain, authorities)),
    acceptFailed: (error) => {
      throw error
    },
  })
}

export async function testEdges(
  t: TestContext,
  { workers, clock, log, overload }: TestLinksOptions & { workers: number },
): Promise<Edges> {
  const identity = { ...(await testIdentity()), minVersion: 'TLSv1.2' } as const
  const nothing = { [Symbol.dispose]: () => undefined }
  return disposeAfter(
    t,
    new Edges(workers, {
      clock,
      log,
      tls: {
        identities: { main: identity, others: [] },
        onChange: () => nothing,
        secureContext: () => undefined,
      },
      overload: overload ?? { watch: () => nothing },
    }),
  )
}
