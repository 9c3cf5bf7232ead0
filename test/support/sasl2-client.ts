/** The client's side of XEP-0388, with its wishes, and of the Hashed Token mechanisms (XEP-0484). */
import { createHmac } from 'node:crypto'
import { type Element, xml } from '../../src/xml/element.ts'
import { ScramClient } from './scram-client.ts'
import type { XmppClient } from './xmpp-client.ts'

export const NS_SASL2 = 'urn:xmpp:sasl:2'

export interface SignIn2Options {
  jid: string
  password?: string
  /** Instead of a password, for HT mechanisms. */
  token?: string
  /** `SCRAM-SHA-256` where not given. */
  mechanism?: string
  /** The id of the user agent; none where not given. */
  agent?: string
  /** What is asked for besides, as XML. */
  wishes?: string
}

/** Answers what ends the exchange: `<success/>`, `<failure/>` or `<continue/>`. */
export async function authenticate2(client: XmppClient, options: SignIn2Options): Promise<Element> {
  const { jid, password = '', mechanism = 'SCRAM-SHA-256' } = options
  const user = jid.split('@')[0] ?? ''
  if (mechanism.startsWith('HT-')) return await hashedToken(client, user, options)
  if (mechanism === 'PLAIN') {
    client.send(authenticate(options, Buffer.from(`\0${user}\0${password}`)))
    return await answer(client)
  }
  const scram = new ScramClient({ mechanism, user, password, ...client.binding(mechanism) })
  client.send(authenticate(options, Buffer.from(scram.first())))
  const challenge = await answer(client)
  if (challenge.name !== 'challenge') return challenge
  const final = scram.final(decoded(challenge.text()).toString())
  client.send(xml('response', { xmlns: NS_SASL2 }, Buffer.from(final).toString('base64')))
  const outcome = await answer(client)
  const signature = decoded(outcome.child('additional-data')?.text() ?? '').toString()
  if (outcome.name !== 'failure' && !scram.accepts(signature)) {
    throw new Error('the server does not know the password')
  }
  return outcome
}

/** The first element of a sign-in. */
export function authenticate(options: SignIn2Options, initial?: Buffer): string {
  const { mechanism = 'SCRAM-SHA-256', agent, wishes = '' } = options
  const response =
    initial === undefined
      ? ''
      : `<initial-response>${initial.toString('base64')}</initial-response>`
  const userAgent =
    agent === undefined
      ? ''
      : `<user-agent id='${agent}'><software>Tester</software><device>A bench</device></user-agent>`
  return `<authenticate xmlns='${NS_SASL2}' mechanism='${mechanism}'>${response}${userAgent}${wishes}</authenticate>`
}

async function answer(client: XmppClient): Promise<Element> {
  return await client.expect(({ ns }) => ns === NS_SASL2)
}

async function hashedToken(
  client: XmppClient,
  user: string,
  options: SignIn2Options,
): Promise<Element> {
  const { mechanism = '', token = '' } = options
  const binding = bindingOf(client, mechanism)
  const sign = (word: string) =>
    createHmac('sha256', token)
      .update(Buffer.concat([Buffer.from(word), binding]))
      .digest()
  const initial = Buffer.concat([Buffer.from(`${user}\0`), sign('Initiator')])
  client.send(authenticate(options, initial))
  const outcome = await answer(client)
  const proof = decoded(outcome.child('additional-data')?.text() ?? '')
  if (outcome.name === 'success' && !proof.equals(sign('Responder'))) {
    throw new Error('the server does not know the token')
  }
  return outcome
}

function bindingOf(client: XmppClient, mechanism: string): Buffer {
  if (mechanism.endsWith('-EXPR')) return client.exporter()
  if (mechanism.endsWith('-ENDP')) return client.endPoint()
  if (mechanism.endsWith('-UNIQ')) return client.tls.getFinished() ?? Buffer.alloc(0)
  return Buffer.alloc(0)
}

function decoded(text: string): Buffer {
  return Buffer.from(text, 'base64')
}
