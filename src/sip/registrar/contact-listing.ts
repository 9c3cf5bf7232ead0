/** The answer to a REGISTER (RFC 3261 §10.3 step 8): all bindings, whoever registered them. */
import type { SipRequest } from '../message/message.ts'
import { formatDate } from '../message/sip-date.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import { parseNameAddr, quote, tokensOf } from '../message/values.ts'
import type { Binding } from './binding.ts'
import type { Gruus } from './gruu.ts'

export function listing(
  request: SipRequest,
  bindings: readonly Binding[],
  { gruus, now }: { readonly gruus: Gruus; readonly now: number },
): [string, string][] {
  const aor = aorIn(request)
  const contacts = bindings.map((binding): [string, string] => {
    const gruuParams = aor ? paramsOfGruus(aor, binding, gruus) : ''
    return ['Contact', `${contactValue(binding, now)}${gruuParams}`]
  })
  const path = request.headers.getAll('Path').map((uri): [string, string] => ['Path', uri])
  return [...contacts, ...path, ['Date', formatDate(now)]]
}

function contactValue({ state }: Binding, now: number): string {
  const { contact, q, instance, regId, expiresAt } = state
  const seconds = Math.max(0, Math.ceil((expiresAt - now) / 1000))
  return [
    `<${contact}>;expires=${seconds}`,
    q === 0 ? '' : `;q=${q}`,
    instance === undefined ? '' : `;+sip.instance="<${instance}>"`,
    regId === undefined ? '' : `;reg-id=${regId}`,
  ].join('')
}

/** RFC 5627 §5.2: for a client that says it knows them. */
function aorIn(request: SipRequest): SipUri | undefined {
  if (!tokensOf(request.headers, 'Supported').includes('gruu')) return undefined
  return parseSipUri(parseNameAddr(request.headers.get('To') ?? '')?.uri ?? '')
}

function paramsOfGruus(aor: SipUri, binding: Binding, gruus: Gruus): string {
  const { instance } = binding.state
  const temporary = gruus.temporaryUri(aor, binding)
  if (instance === undefined || temporary === undefined) return ''
  return `;pub-gruu=${quote(gruus.publicUri(aor, instance))};temp-gruu=${quote(temporary)}`
}
