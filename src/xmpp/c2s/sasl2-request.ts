/** What a client says in `<authenticate/>` (XEP-0388 §2.3), and what it wants together with its sign-in. */
import { hash } from 'node:crypto'
import type { Element } from '../../xml/element.ts'
import { SaslError } from '../errors.ts'
import { NS_BIND2, NS_FAST, NS_SASL2 } from '../namespaces.ts'
import { isTrue, NS_SM } from '../stream-management/nonzas.ts'
import { NS_UPGRADE } from './features.ts'

/** The installation of a client that signs in; nobody else is told of it. */
export interface UserAgent {
  /** A hash: whoever reads it cannot be that client. */
  readonly client: string
  readonly software: string | undefined
  readonly device: string | undefined
}

export interface Sasl2Request {
  readonly mechanism: string
  /** In base64; `undefined` where there is none, which is not an empty one. */
  readonly initial: string | undefined
  readonly agent: UserAgent | undefined
  /** XEP-0198 §9.2. */
  readonly resume: Element | undefined
  /** XEP-0386 §3.2. */
  readonly bind: Element | undefined
  /** XEP-0484 §3.4: the client signs in with a token. */
  readonly fast: { readonly count: number | undefined; readonly isToEnd: boolean } | undefined
  /** XEP-0484 §3.2: the mechanism that it wants a token for. */
  readonly tokenFor: string | undefined
  /** XEP-0480 §2.2. */
  readonly upgrades: readonly string[]
}

/** Throws `SaslError`. */
export function parseRequest(element: Element): Sasl2Request {
  const fast = element.child('fast', NS_FAST)
  return {
    mechanism: element.attr('mechanism') ?? '',
    initial: element.child('initial-response')?.text().trim(),
    agent: parseAgent(element.child('user-agent')),
    resume: element.child('resume', NS_SM),
    bind: element.child('bind', NS_BIND2),
    fast: fast && { count: parseCount(fast), isToEnd: isTrue(fast.attr('invalidate')) },
    tokenFor: element.child('request-token', NS_FAST)?.attr('mechanism'),
    upgrades: [...element.elements()].flatMap((child) =>
      child.is('upgrade', NS_UPGRADE) ? [child.text().trim()] : [],
    ),
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MAX_TEXT = 100

/** §2.3. One without an id cannot be known again, and is as good as none. */
function parseAgent(element: Element | undefined): UserAgent | undefined {
  const id = element?.attr('id')?.toLowerCase()
  if (!element || id === undefined) return undefined
  if (!UUID.test(id)) throw new SaslError('malformed-request', 'the id of a user agent is a UUID')
  const text = (name: string) => element.child(name, NS_SASL2)?.text().slice(0, MAX_TEXT)
  return {
    client: hash('sha256', id, 'base64url'),
    software: text('software'),
    device: text('device'),
  }
}

function parseCount(fast: Element): number | undefined {
  const count = fast.attr('count')
  if (count === undefined) return undefined
  if (!/^\d{1,10}$/.test(count)) throw new SaslError('malformed-request')
  return Number(count)
}
