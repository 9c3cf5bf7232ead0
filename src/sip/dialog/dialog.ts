/**
 * A dialog (RFC 3261 §12): who talks to whom under which Call-ID and tags, by which route, and at which number.
 * Its requests are numbered here, and it can be written down and picked up again after a restart.
 */
import { ownString, sharedString } from '../../util/own-string.ts'
import { SipError } from '../errors.ts'
import { SipHeaders, SipRequest, type SipResponse } from '../message/message.ts'
import { parseSipUri } from '../message/uri.ts'
import { parseCSeq, parseNameAddr } from '../message/values.ts'

/** Everything that a dialog is, as JSON; kept by whoever must survive a restart. */
export interface DialogSnapshot {
  readonly callId: string
  readonly localTag: string
  /** Empty for a peer of RFC 2543 times (§12.1.1). */
  readonly remoteTag: string
  /** From, respectively To, of the requests we send, without tag: `"Bob" <sip:bob@example.com>`. */
  readonly localParty: string
  readonly remoteParty: string
  /** Where our requests go: the peer's Contact. */
  readonly remoteTarget: string
  /** Route header values in the order they are sent, parameters verbatim. */
  readonly routeSet: readonly string[]
  readonly localCseq: number
  /** `undefined` before the peer has sent a request in this dialog. */
  readonly remoteCseq: number | undefined
}

const NO_ROUTES: readonly string[] = []

/** CSeq is below 2^31 (§8.1.1.5). */
const MAX_CSEQ = 2 ** 31 - 1

/** Values of header fields have no line breaks: the key is never ambiguous. */
export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${localTag}\n${callId}\n${remoteTag}`
}

/** Of a request that came in: its To is us. `undefined` outside any dialog. */
export function dialogKeyOf(request: SipRequest): string | undefined {
  const localTag = tagOf(request, 'To')
  if (!localTag) return undefined
  return dialogKey(request.headers.get('Call-ID') ?? '', localTag, tagOf(request, 'From') ?? '')
}

export class Dialog {
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  readonly localParty: string
  readonly remoteParty: string
  /** Fixed for the dialog's life (§12.2): a refresh changes the target only. */
  readonly routeSet: readonly string[]
  #remoteTarget: string
  #localCseq: number
  #remoteCseq: number | undefined

  constructor(snapshot: DialogSnapshot) {
    this.callId = snapshot.callId
    this.localTag = snapshot.localTag
    this.remoteTag = snapshot.remoteTag
    this.localParty = snapshot.localParty
    this.remoteParty = snapshot.remoteParty
    this.routeSet = snapshot.routeSet
    this.#remoteTarget = snapshot.remoteTarget
    this.#localCseq = snapshot.localCseq
    this.#remoteCseq = snapshot.remoteCseq
  }

  /**
   * The dialog that a request from the peer creates (§12.1.1), answered with `localTag` in To.
   * Throws `SipError` 400 where the request has no usable Contact, From or CSeq.
   */
  static asUas(request: SipRequest, localTag: string): Dialog {
    const { headers } = request
    const routeSet = headers.getAll('Record-Route')
    // A dialog outlives its request: it must not keep the request's text.
    return new Dialog({
      callId: ownString(headers.get('Call-ID') ?? ''),
      localTag,
      remoteTag: ownString(tagOf(request, 'From') ?? ''),
      localParty: sharedString(partyOf(request, 'To')),
      remoteParty: sharedString(partyOf(request, 'From')),
      remoteTarget: sharedString(requireTarget(request)),
      routeSet: routeSet.length === 0 ? NO_ROUTES : routeSet.map(sharedString),
      localCseq: 0,
      remoteCseq: requireCSeq(request),
    })
  }

  /**
   * The dialog that a 101–299 to our request creates (§12.1.2).
   * Throws `SipError` 400 where the response has no usable Contact, To or CSeq.
   */
  static asUac(request: SipRequest, response: SipResponse): Dialog {
    return new Dialog({
      callId: request.headers.get('Call-ID') ?? '',
      localTag: tagOf(request, 'From') ?? '',
      remoteTag: tagOf(response, 'To') ?? '',
      localParty: partyOf(request, 'From'),
      remoteParty: partyOf(response, 'To'),
      remoteTarget: requireTarget(response),
      routeSet: response.headers.getAll('Record-Route').toReversed(),
      localCseq: requireCSeq(request),
      remoteCseq: undefined,
    })
  }

  /** After a restart: numbers that may have been used since the snapshot are left out. */
  static restore(snapshot: DialogSnapshot, gap = 0): Dialog {
    const dialog = new Dialog(snapshot)
    dialog.jumpCSeq(gap)
    return dialog
  }

  /** As `dialogKey` and `dialogKeyOf` make it. */
  get key(): string {
    return dialogKey(this.callId, this.localTag, this.remoteTag)
  }

  get remoteTarget(): string {
    return this.#remoteTarget
  }

  get localCseq(): number {
    return this.#localCseq
  }

  get remoteCseq(): number | undefined {
    return this.#remoteCseq
  }

  snapshot(): DialogSnapshot {
    return {
      callId: this.callId,
      localTag: this.localTag,
      remoteTag: this.remoteTag,
      localParty: this.localParty,
      remoteParty: this.remoteParty,
      remoteTarget: this.#remoteTarget,
      routeSet: this.routeSet,
      localCseq: this.#localCseq,
      remoteCseq: this.#remoteCseq,
    }
  }

  /** The next request of ours (§12.2.1.1), numbered; Via is the transaction's to add. */
  createRequest(method: string): SipRequest {
    this.jumpCSeq(1)
    const { uri, routes } = this.#path()
    const headers = new SipHeaders()
    for (const route of routes) headers.append('Route', route)
    headers.append('Max-Forwards', '70')
    headers.append('From', withTag(this.localParty, this.localTag))
    headers.append('To', withTag(this.remoteParty, this.remoteTag))
    headers.append('Call-ID', this.callId)
    headers.append('CSeq', `${this.#localCseq} ${method}`)
    return new SipRequest({ method, uri, headers })
  }

  /**
   * Takes note of a request from the peer (§12.2.2): its number and, where it has a Contact, the new target.
   * Throws `SipError` 500 where it comes after a later one.
   */
  accept(request: SipRequest): void {
    const cseq = requireCSeq(request)
    if (this.#remoteCseq !== undefined && cseq <= this.#remoteCseq) {
      throw new SipError(500, 'Out of Order')
    }
    this.#remoteCseq = cseq
    this.refreshTarget(request)
  }

  /** A target refresh: the Contact of a request, or of a 2xx to ours; without one nothing changes. */
  refreshTarget(message: SipRequest | SipResponse): void {
    const target = contactOf(message)
    if (target !== undefined) this.#remoteTarget = sharedString(target)
  }

  /** Leaves numbers out, so that those a crash may have forgotten are not used again. */
  jumpCSeq(gap: number): void {
    if (this.#localCseq + gap > MAX_CSEQ) throw new RangeError('the dialog has run out of CSeq')
    this.#localCseq += gap
  }

  /** Loose routing, or the strict routing of RFC 2543 where the first proxy does not say `lr`. */
  #path(): { uri: string; routes: readonly string[] } {
    if (this.routeSet.length === 0) return { uri: this.#remoteTarget, routes: NO_ROUTES }
    const [first, ...rest] = this.routeSet
    const firstUri = first === undefined ? undefined : parseNameAddr(first)?.uri
    if (first === undefined || firstUri === undefined || isLoose(firstUri)) {
      return { uri: this.#remoteTarget, routes: this.routeSet }
    }
    return { uri: asRequestUri(firstUri), routes: [...rest, `<${this.#remoteTarget}>`] }
  }
}

function isLoose(uri: string): boolean {
  return parseSipUri(uri)?.params.has('lr') ?? false
}

/** §19.1.1: a request-URI has no headers and no `method` parameter. */
function asRequestUri(uri: string): string {
  const [withoutHeaders = uri] = uri.split('?', 1)
  return withoutHeaders.replace(/;method=[^;]*/i, '')
}

export function tagOf(message: SipRequest | SipResponse, name: 'From' | 'To'): string | undefined {
  return parseNameAddr(message.headers.get(name) ?? '')?.params.get('tag')
}

function withTag(party: string, tag: string): string {
  return tag === '' ? party : `${party};tag=${tag}`
}

function partyOf(message: SipRequest | SipResponse, name: 'From' | 'To'): string {
  const parsed = parseNameAddr(message.headers.get(name) ?? '')
  if (!parsed) throw new SipError(400, `Bad ${name}`)
  const quoted = parsed.displayName?.replace(/["\\]/g, '\\$&')
  return quoted ? `"${quoted}" <${parsed.uri}>` : `<${parsed.uri}>`
}

/** §12.1.1: exactly one Contact, a SIP or SIPS URI. */
function contactOf(message: SipRequest | SipResponse): string | undefined {
  const contacts = message.headers.getAll('Contact')
  const uri = contacts.length === 1 ? parseNameAddr(contacts[0] ?? '')?.uri : undefined
  return uri !== undefined && parseSipUri(uri) ? uri : undefined
}

function requireTarget(message: SipRequest | SipResponse): string {
  const target = contactOf(message)
  if (target === undefined) throw new SipError(400, 'Missing or Bad Contact')
  return target
}

function requireCSeq(message: SipRequest | SipResponse): number {
  const cseq = parseCSeq(message.headers.get('CSeq') ?? '')
  if (!cseq) throw new SipError(400, 'Bad CSeq')
  return cseq.number
}
