/** The listeners as an operator sees them: what each is called and speaks, and why one could not open. */
import type { Config } from '../config/schema.ts'
import { formatAddress, type ListenAddress } from '../config/values.ts'
import { OperatorError, type OperatorErrorCode } from '../util/operator-error.ts'

export type ListenerName = keyof Config['listen']

/** One that accepts; `address` has the port that it got. */
export interface Listener {
  readonly name: string
  readonly kind: ListenerName
  readonly address: ListenAddress
}

export const LISTENER_PROTOCOLS: Readonly<Record<ListenerName, string>> = {
  xmpp: 'XMPP with STARTTLS',
  xmppTls: 'XMPP over TLS',
  sipUdp: 'SIP over UDP',
  sipTcp: 'SIP over TCP',
  sipTls: 'SIP over TLS',
  https: 'HTTPS API',
  httpsXmpp: 'XMPP over HTTPS',
  http: 'XMPP over HTTP',
  components: 'XMPP components',
}

const REASONS: Readonly<Record<string, readonly [OperatorErrorCode, string]>> = {
  EADDRINUSE: ['NET_PORT_IN_USE', 'is in use by another process'],
  EADDRNOTAVAIL: ['NET_BAD_ADDRESS', 'is not an address of this machine'],
  EACCES: ['NET_BAD_ADDRESS', 'may not be used without more rights (ports below 1024)'],
  ENOTFOUND: ['NET_BAD_ADDRESS', 'is a name that cannot be found'],
  EAI_AGAIN: ['NET_BAD_ADDRESS', 'is a name that cannot be found now'],
  EAFNOSUPPORT: ['NET_BAD_ADDRESS', 'is of a kind that this machine does not have'],
  ENOTSUP: ['NET_BAD_ADDRESS', 'cannot be shared by threads on this system: set workers to 0'],
  EINVAL: ['NET_BAD_ADDRESS', 'cannot be bound'],
}

interface SipListeners {
  readonly sip?: Pick<Config['sip'], 'listeners'>
}

/** What to tell the operator of an error that opening a listener threw; other errors come back as they are. */
export function listenError(
  error: unknown,
  { listen, listeners, sip }: Pick<Config, 'listen' | 'listeners'> & SipListeners,
): unknown {
  if (!(error instanceof Error) || error instanceof OperatorError) return error
  const { code, syscall = '', address, port } = systemError(error)
  const [operatorCode, text] = REASONS[code] ?? []
  if (!operatorCode || !text || !LISTENING.has(syscall)) return error
  const usual = Object.entries<ListenAddress | undefined>(listen)
  const all = [
    ...usual.map(([name, at]) => ({ name: `listen.${name}`, at, isUdp: name === 'sipUdp' })),
    ...listeners.map(({ name, address: at }) => ({ name: `listeners: ${name}`, at, isUdp: false })),
    ...(sip?.listeners ?? []).map(({ name, address: at, transport }) => {
      return { name: `sip.listeners: ${name}`, at, isUdp: transport === 'udp' }
    }),
  ]
  const found = all.find(
    ({ at, isUdp }) => at && isUdp === (syscall === 'bind') && isSame(at, { address, port }),
  )
  const where = found?.at ? formatAddress(found.at) : `${address ?? ''}:${port ?? ''}`
  const name = found ? `${found.name}: ` : ''
  return new OperatorError(operatorCode, `${name}${where} ${text}`, { cause: error })
}

/** What Node calls opening a TCP listener, a UDP one, and looking its name up. */
const LISTENING = new Set(['listen', 'bind', 'getaddrinfo'])

interface SystemError {
  readonly code: string
  readonly syscall: string | undefined
  readonly address: string | undefined
  readonly port: number | undefined
}

function systemError(error: Error): SystemError {
  const field = (name: string): unknown => Reflect.get(error, name)
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const port = field('port')
  return {
    code: text(field('code')) ?? '',
    syscall: text(field('syscall')),
    address: text(field('address')) ?? text(field('hostname')),
    port: typeof port === 'number' ? port : undefined,
  }
}

function isSame(at: ListenAddress, failed: Pick<SystemError, 'address' | 'port'>): boolean {
  return (
    (failed.address === undefined || failed.address === at.host) &&
    (failed.port === undefined || failed.port === at.port)
  )
}
