/** A handler of MESSAGE on its own, a phone that is registered, and messages written short. */
import { requireJid } from '../../../src/core/address.ts'
import {
  DELIVERED,
  type DeliveryOutcome,
  type InstantMessage,
} from '../../../src/core/messaging/message.ts'
import { AwaitedReports } from '../../../src/sip/messaging/awaited-reports.ts'
import { MessageHandler, type SendingClient } from '../../../src/sip/messaging/incoming.ts'
import { type AskForReports, MessageSender } from '../../../src/sip/messaging/outgoing.ts'
import { RecipientLists } from '../../../src/sip/messaging/recipient-lists.ts'
import { SenderReports } from '../../../src/sip/messaging/sender-reports.ts'
import { Binding, type BindingState } from '../../../src/sip/registrar/binding.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  BOB,
  exchange,
  FakeUserAgent,
  identifyByFrom,
  type RequestInit,
  resolveByUri,
  sipRequest,
  UDP_SOURCE,
} from '../events/support.ts'

export type Outcome = DeliveryOutcome | Promise<DeliveryOutcome>

export function handlerRig(outcome: Outcome = DELIVERED, client?: SendingClient) {
  const clock = new FakeClock()
  const sent: InstantMessage[] = []
  const senders: unknown[] = []
  const messaging = {
    send(message: InstantMessage, sender: unknown) {
      sent.push(message)
      senders.push(sender)
      return outcome
    },
  }
  const awaited = new AwaitedReports()
  const reports = new SenderReports({ messaging, awaited })
  const common = { clock, log: silentLog, resolve: resolveByUri, messaging, reports }
  const lists = new RecipientLists({
    ...common,
    directory: { isLocal: (domain) => domain === 'example.com' },
    enabled: true,
    name: 'multicast',
    maxRecipients: 4,
    maySend: (account) => account === BOB,
  })
  const handler = new MessageHandler({
    ...common,
    lists,
    identify: identifyByFrom,
    sessionAt: () => client,
    maxBodyBytes: 4000,
  })
  const message = (body: string, type = 'text/plain', init: RequestInit = {}) =>
    exchange(
      handler,
      sipRequest('MESSAGE', {
        body,
        ...init,
        headers: [['Content-Type', type], ...(init.headers ?? [])],
      }),
    )
  return { clock, sent, senders, handler, message, awaited }
}

/** From alice's desk to bob. */
export function chat(body: string | undefined, more: Partial<InstantMessage> = {}): InstantMessage {
  return {
    from: requireJid('alice@example.com/desk'),
    to: requireJid('bob@example.com'),
    type: 'chat',
    id: '1',
    thread: undefined,
    subject: undefined,
    body,
    origin: 'xmpp',
    delayedSince: undefined,
    storable: true,
    native: () => undefined,
    ...more,
  }
}

export function phoneRig(more: Partial<BindingState> = {}, askForReports: AskForReports = 'all') {
  const userAgent = new FakeUserAgent()
  const clock = new FakeClock()
  const awaited = new AwaitedReports()
  const primaryUri = async (account: string) =>
    account === BOB ? 'sip:bob.b@example.com' : undefined
  const directory = { primaryUri }
  const sender = new MessageSender({ clock, userAgent, directory, awaited, askForReports })
  const binding = new Binding(
    { sender, flows: () => [] },
    { account: BOB, id: 'sip-1', since: 0 },
    {
      contact: 'sip:bob@192.0.2.10:5060;ob?x=y',
      instance: undefined,
      regId: undefined,
      callId: 'c',
      cseq: 1,
      q: 0,
      expiresAt: 1e15,
      path: [],
      peer: UDP_SOURCE,
      userAgent: undefined,
      registeredAt: 0,
      series: undefined,
      takesMessages: true,
      ...more,
    },
  )
  return { userAgent, binding, clock, awaited }
}

/** Lines as the wire has them. */
export function crlf(text: string): string {
  return text.trimStart().replaceAll('\n', '\r\n')
}
