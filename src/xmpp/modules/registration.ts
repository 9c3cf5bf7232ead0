/**
 * XEP-0077: In-Band Registration. Making an account before sign-in, and removing it after, are off unless the operator
 * opens them; whoever has signed in may change his password unless the operator closes that.
 */
import { bareJid, domainOf, localOf } from '../../core/address.ts'
import type { Directory } from '../../directory/directory.ts'
import { DirectoryError } from '../../directory/errors.ts'
import type { Clock } from '../../util/clock.ts'
import { FailureThrottle } from '../../util/failure-throttle.ts'
import type { Log } from '../../util/log.ts'
import { type Element, xml } from '../../xml/element.ts'
import {
  badRequest,
  notAcceptable,
  notAllowed,
  resourceConstraint,
  StanzaError,
  serviceUnavailable,
} from '../errors.ts'
import { type IqRequest, REPLIED } from '../iq/iq-handlers.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import type { Guest, GuestHandler } from '../session.ts'

export const NS_REGISTER = 'jabber:iq:register'
const NS_REGISTER_FEATURE = 'http://jabber.org/features/iq-register'
const INSTRUCTIONS = 'Choose a user name and a password.'
const HOUR_MS = 3_600_000

export const registration = defineModule({
  name: 'registration',
  specs: [{ xep: 77, version: '2.4', status: 'partial' }], // no data forms, no other fields
  features: [NS_REGISTER],
  enabled: ({ registration: policy, passwordChange }) => policy === 'open' || passwordChange,

  setup(context) {
    for (const scope of [context.iq.server, context.iq.account]) {
      scope.get(NS_REGISTER, 'query', (request) => registered(request))
      scope.set(NS_REGISTER, 'query', (request) => change(context, request))
    }
  },
})

/** §3.1.1: what somebody who has an account is told. */
function registered(request: IqRequest): Element {
  requireHome(request)
  return xml(
    'query',
    { xmlns: NS_REGISTER },
    xml('registered'),
    xml('username', {}, localOf(request.from.bare)),
    xml('password'),
  )
}

async function change({ directory, config }: ModuleContext, request: IqRequest) {
  requireHome(request)
  const { from, payload } = request
  if (payload.child('remove')) {
    if ([...payload.elements()].length > 1) throw badRequest() // §3.2
    if (config.registration !== 'open') throw notAllowed()
    await directory.removeUser(from.bare).catch(refuse)
    request.reply()
    return REPLIED
  }
  if (!config.passwordChange) throw notAllowed()
  // §3.3, Table 1: what is incomplete is a bad request here, and not acceptable in a registration.
  const { username, password } = fields(payload, badRequest)
  // §3.3: nobody changes another's password.
  if (bareJid(username, from.domain) !== from.bare) throw notAllowed()
  await directory.setPassword(from.bare, password).catch(refuse)
  return undefined
}

/** With the sender's own server or account only. */
function requireHome({ from, to }: IqRequest): void {
  if (to !== from.bare && to !== from.domain) throw notAllowed()
}

function fields(
  query: Element,
  refusal: (text: string) => StanzaError = notAcceptable,
): { username: string; password: string } {
  const username = query.child('username')?.text() ?? ''
  const password = query.child('password')?.text() ?? ''
  if (username === '' || password === '') throw refusal('a user name and a password')
  return { username, password }
}

export interface NewAccountsDeps {
  directory: Pick<Directory, 'addUser' | 'isLocal'>
  clock: Clock
  log: Log
  /** Accounts that one network address may make. */
  perHour: number
}

/** Registration before sign-in (§3.1). */
export class NewAccounts implements GuestHandler {
  readonly features = [xml('register', { xmlns: NS_REGISTER_FEATURE })]
  readonly #deps: NewAccountsDeps
  readonly #throttle: FailureThrottle

  constructor(deps: NewAccountsDeps) {
    this.#deps = deps
    this.#throttle = new FailureThrottle(deps.clock, {
      maxFailures: deps.perHour,
      windowMs: HOUR_MS,
    })
  }

  /** Answers the payload of the result. Throws `StanzaError`. */
  async iq(guest: Guest, iq: Element): Promise<Element | undefined> {
    const query = iq.child('query', NS_REGISTER)
    if (!query) throw serviceUnavailable()
    if (iq.attr('type') === 'get') return form()
    if (iq.attr('type') !== 'set') throw badRequest()
    // §3.2: somebody who is not signed in has nothing to remove.
    if (query.child('remove')) throw new StanzaError('wait', 'unexpected-request')
    await this.#register(guest, query)
    return undefined
  }

  async #register({ domain, remoteAddress }: Guest, query: Element): Promise<void> {
    const { username, password } = fields(query)
    const account = bareJid(username, domain)
    if (!account || domainOf(account) !== domain) throw notAcceptable('that is no user name')
    // Counted before it is tried: guessing which names are taken costs as much as taking them.
    if (this.#throttle.waitMs(remoteAddress) > 0) throw resourceConstraint('too many accounts')
    this.#throttle.failed(remoteAddress)
    await this.#deps.directory.addUser({ account, password }).catch(refuse)
    this.#deps.log.info({ what: 'xmpp_account_registered', account, remoteAddress })
  }
}

function form(): Element {
  return xml(
    'query',
    { xmlns: NS_REGISTER },
    xml('instructions', {}, INSTRUCTIONS),
    xml('username'),
    xml('password'),
  )
}

/** §3.1.1 and §3.3. */
function refuse(error: unknown): never {
  if (!(error instanceof DirectoryError)) throw error
  switch (error.code) {
    case 'USER_EXISTS':
    case 'ADDRESS_TAKEN':
      throw new StanzaError('cancel', 'conflict')
    case 'BUSY':
      throw resourceConstraint()
    case 'NO_SUCH_USER':
      throw new StanzaError('auth', 'registration-required')
    default:
      throw notAcceptable(error.message)
  }
}
