/** The listeners that clients connect to: 5222 with STARTTLS and 5223 with TLS from the start. */
import { randomBytes } from 'node:crypto'
import type { ClientCertificates, Link, LinkSource } from '../../net/link.ts'
import type { OverloadGuard } from '../../util/overload.ts'
import { StreamError } from '../errors.ts'
import { StreamManagement } from '../stream-management/stream-management.ts'
import { ClientStream, type ClientStreamDeps } from './client-stream.ts'
import { ClientStreams, type StreamRules } from './client-streams.ts'
import { Connection } from './connection.ts'
import { Door } from './door.ts'
import { Offers } from './offers.ts'
import { SignInDelays } from './sign-in-delays.ts'
import { sourceOf } from './source-address.ts'
import { Unfinished } from './unfinished.ts'

export interface C2sListener extends StreamRules {
  readonly name: string
  readonly host: string
  readonly port: number
  /** TLS from the first byte (XEP-0368). */
  readonly direct: boolean
  readonly clientCertificates?: ClientCertificates | undefined
}

export interface OpenListener {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly direct: boolean
}

/** Disposing of it closes all streams, those over HTTP included, and resolves when what they began is done. */
export interface C2s extends AsyncDisposable {
  readonly listeners: readonly OpenListener[]
  readonly streams: ClientStreams
}

export interface C2sDeps
  extends Omit<
    ClientStreamDeps,
    'delays' | 'offers' | 'policy' | 'key' | 'unfinished' | 'left' | 'management'
  > {
  readonly links: LinkSource
  /** As `ClientStreamDeps` has it; without one, what is made with it is forgotten when the server stops. */
  readonly key?: Buffer | undefined
  readonly overload?: OverloadGuard | undefined
}

/** Rejects with the socket’s own error where an address cannot be listened on. */
export async function startC2s(listeners: readonly C2sListener[], deps: C2sDeps): Promise<C2s> {
  const { clock, config, log } = deps
  if (config.plaintextAuth) log.warn({ what: 'xmpp_plaintext_auth_allowed' })
  const { links, overload, key = randomBytes(32), ...streamDeps } = deps
  const unfinished = new Unfinished()
  const { maxUnacknowledged: maxStanzas, maxQueuedBytes, resumeForMs } = config
  const management = new StreamManagement({
    ...streamDeps,
    config: { maxStanzas, maxQueuedBytes, resumeForMs },
    unfinished,
  })
  const door = new Door(config, overload)
  const streams = new ClientStreams(
    {
      ...streamDeps,
      key,
      delays: new SignInDelays(clock, config.maxSignInFailures),
      offers: new Offers({ handler: deps.handler, hasTokens: deps.tokens !== undefined }),
      policy: { isTlsRequired: !config.plaintextAuth },
      unfinished,
      management,
      left: (visitor) => door.left(visitor),
    },
    door,
  )
  await using starting = new AsyncDisposableStack()
  const opened: OpenListener[] = []
  starting.defer(async () => {
    await door.closeAll()
    management.endParked()
    await unfinished.settled()
  })
  for (const listener of listeners) {
    const { name, direct, host, port, clientCertificates } = listener
    const own = streams.with(listener)
    const wish = { name, host, port, maxQueuedBytes, clientCertificates }
    const open = await links.listen(wish, (link) => take(own, link, direct))
    // Nobody new; those who are there are closed by the door.
    starting.use(open)
    opened.push({ name, direct, address: open.address, port: open.port })
  }
  const running = starting.move()
  return {
    listeners: opened,
    streams,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Lets a TCP connection in, or turns it away. */
function take(streams: ClientStreams, link: Link, direct: boolean): void {
  const { deps } = streams
  const source = sourceOf(link.remoteAddress)
  const refusal = streams.refusal('tcp', source)
  if (refusal === undefined) {
    const connection = streams.admit(source, (usage) => new Connection(deps, link, usage))
    connection.start(new ClientStream(deps, connection), direct)
    return
  }
  const connection = new Connection(deps, link)
  // RFC 6120 §4.9.3.17; before TLS there is no stream to say it in.
  if (direct) connection.destroy()
  else connection.close(new StreamError('resource-constraint', refusal))
}
