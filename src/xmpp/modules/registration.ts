/**
 * XEP-0077: In-Band Registration. Making an account before sign-in, and removing it after, are off unless the operator
 * opens them; whoever has signed in may change his password unless the operator closes that.
 */
import { type BareJid, bareJid, domainOf, localOf } from '../../core/address.ts'
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
import { formElement, NS_FORM, oneOf, submitted } from '../forms/form.ts'
import { type Invitation, type Invitations, NS_PARS } from '../invitations/invitations.ts'
import { type IqRequest, REPLIED } from '../iq/iq-handlers.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import type { Guest, GuestHandler } from '../session.ts'

export const NS_REGISTER = 'jabber:iq:register'
const NS_IBR_TOKEN = 'urn:xmpp:ibr-token:0'
const NS_REGISTER_FEATURE = 'http://jabber.org/features/iq-register'
const INSTRUCTIONS = 'Choose a user name and a password.'
const HOUR_MS = 3_600_000

export const registration = defineModule({
  name: 'registration',
  specs: [{ xep: 77, version: '2.4', status: 'complete' }],
  features: [NS_REGISTER],
  enabled: ({ registration: policy, passwordChange }) => policy !== 'off' || passwordChange,

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
    if (config.registration === 'off') throw notAllowed()
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
  const form = query.child('x', NS_FORM)
  const answers = form && submitted(form)
  // §4: the form counts where there is one.
  const given = (name: string) =>
    answers ? oneOf(answers, name) : (query.child(name)?.text() ?? '')
  const [username, password] = [given('username'), given('password')]
  if (username === '' || password === '') throw refusal('a user name and a password')
  return { username, password }
}

export interface NewAccountsDeps {
  directory: Pick<Directory, 'addUser' | 'isLocal'>
  clock: Clock
  log: Log
  /** Accounts that one network address may make. */
  perHour: number
  invitations: Invitations | undefined
  /** Without an invitation, too. */
  isOpen: boolean
}

/** Registration before sign-in (§3.1). */
export class NewAccounts implements GuestHandler {
  readonly features: readonly Element[]
  readonly #deps: NewAccountsDeps
  readonly #throttle: FailureThrottle
  /** Those that were shown, and not used yet (XEP-0445 §4). */
  readonly #shown = new WeakMap<Guest, Invitation>()

  constructor(deps: NewAccountsDeps) {
    this.#deps = deps
    const tokens = deps.invitations ? [xml('register', { xmlns: NS_IBR_TOKEN })] : []
    this.features = [...tokens, xml('register', { xmlns: NS_REGISTER_FEATURE })]
    this.#throttle = new FailureThrottle(deps.clock, {
      maxFailures: deps.perHour,
      windowMs: HOUR_MS,
    })
  }

  /** Answers the payload of the result. Throws `StanzaError`. */
  async iq(guest: Guest, iq: Element): Promise<Element | undefined> {
    const preauth = iq.child('preauth', NS_PARS)
    if (preauth && iq.attr('type') === 'set') return this.#show(guest, preauth)
    const query = iq.child('query', NS_REGISTER)
    if (!query) throw serviceUnavailable()
    if (iq.attr('type') === 'get') return form()
    if (iq.attr('type') !== 'set') throw badRequest()
    // §3.2: somebody who is not signed in has nothing to remove.
    if (query.child('remove')) throw new StanzaError('wait', 'unexpected-request')
    await this.#register(guest, query)
    return undefined
  }

  /** XEP-0445 §4. */
  async #show(guest: Guest, preauth: Element): Promise<undefined> {
    const { invitations } = this.#deps
    // Guessing costs as much as making accounts.
    if (this.#throttle.waitMs(guest.remoteAddress) > 0) throw resourceConstraint()
    const found = await invitations?.find(preauth.attr('token') ?? '', guest.domain)
    if (!found) {
      this.#throttle.failed(guest.remoteAddress)
      throw new StanzaError('cancel', 'item-not-found', 'The token is none, or has expired.')
    }
    this.#shown.set(guest, found)
  }

  async #register(guest: Guest, query: Element): Promise<void> {
    const { domain, remoteAddress } = guest
    const { directory, invitations, isOpen, log } = this.#deps
    const invitation = this.#shown.get(guest)
    if (!invitation && !isOpen) throw notAllowed('an invitation is needed')
    const { username, password } = fields(query)
    const account = bareJid(username, domain)
    if (!account || domainOf(account) !== domain) throw notAcceptable('that is no user name')
    // Counted before it is tried: guessing which names are taken costs as much as taking them.
    if (this.#throttle.waitMs(remoteAddress) > 0) throw resourceConstraint('too many accounts')
    this.#throttle.failed(remoteAddress)
    await this.#requireFree(account, invitation)
    const make = () => directory.addUser({ account, password })
    if (!invitation || !invitations) await make().catch(refuse)
    else if (!(await invitations.use(invitation, make).catch(refuse))) {
      this.#shown.delete(guest)
      throw new StanzaError('cancel', 'item-not-found', 'The invitation has been used.')
    }
    this.#shown.delete(guest)
    log.info({ what: 'xmpp_account_registered', account, remoteAddress })
    if (invitation?.befriends) await invitations?.befriend(invitation, account)
  }

  /** XEP-0445 §5: a name that was promised to somebody is his, and he has no other. */
  async #requireFree(account: BareJid, invitation: Invitation | undefined): Promise<void> {
    if (invitation?.account === account) return
    if (invitation?.account) throw notAcceptable('the invitation is for another name')
    if (await this.#deps.invitations?.isReserved(account))
      throw new StanzaError('cancel', 'conflict')
  }
}

function form(): Element {
  return xml(
    'query',
    { xmlns: NS_REGISTER },
    xml('instructions', {}, INSTRUCTIONS),
    xml('username'),
    xml('password'),
    // §4: the same for clients that know forms.
    formElement({
      type: 'form',
      formType: NS_REGISTER,
      instructions: INSTRUCTIONS,
      fields: [
        { name: 'username', type: 'text-single', label: 'User name', isRequired: true },
        { name: 'password', type: 'text-private', label: 'Password', isRequired: true },
      ],
    }),
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
