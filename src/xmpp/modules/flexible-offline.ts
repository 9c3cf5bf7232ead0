/**
 * XEP-0013: Flexible Offline Message Retrieval. Whoever asks what waits for him reads it message by message, and is
 * not given it by himself; it goes when he says so.
 */
import type { BareJid } from '../../core/address.ts'
import { BATCH, type KeptMessage, type Mailbox } from '../../core/messaging/mailbox.ts'
import { type Element, escapeAttr, xml } from '../../xml/element.ts'
import { badRequest, forbidden, itemNotFound, resourceConstraint } from '../errors.ts'
import { type IqRequest, REPLIED, requireSession } from '../iq/iq-handlers.ts'
import { renderMessage, withinMessage } from '../messages/render.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import type { XmppSession } from '../session.ts'

const NS_OFFLINE = 'http://jabber.org/protocol/offline'

/** Messages that one request may name. */
const MAX_ITEMS = 1_000

export const flexibleOffline = defineModule({
  name: 'flexible-offline',
  specs: [{ xep: 13, version: '1.3.0', status: 'complete' }],
  features: [NS_OFFLINE],

  setup(context: ModuleContext) {
    const { iq, nodes } = context
    const { mailbox } = context.messaging
    nodes.add('account', NS_OFFLINE, {
      info: async (request) => overview(await mailbox.count(reader(request))),
      items: (request) => headers(mailbox, reader(request)),
    })
    iq.account.get(NS_OFFLINE, 'offline', (request) => show(context, request))
    iq.account.set(NS_OFFLINE, 'offline', (request) => remove(mailbox, request))
    return undefined
  },
})

/** The account, by one of its own clients; from now on nothing is given out by itself (§2.2). */
function reader(request: IqRequest): BareJid {
  const { from, to } = request
  if (from.bare !== to) throw forbidden()
  requireSession(request).readsMailbox = true
  return to
}

/** §2.2. */
function overview(count: number): readonly Element[] {
  const field = (name: string, value: string, type?: string) =>
    xml('field', { var: name, type }, xml('value', {}, value))
  return [
    xml('identity', { category: 'automation', type: 'message-list' }),
    xml('feature', { var: NS_OFFLINE }),
    xml(
      'x',
      { xmlns: 'jabber:x:data', type: 'result' },
      field('FORM_TYPE', NS_OFFLINE, 'hidden'),
      field('number_of_messages', String(count)),
    ),
  ]
}

/** §2.3. */
async function headers(mailbox: Mailbox, account: BareJid): Promise<readonly Element[]> {
  const items: Element[] = []
  for await (const messages of mailbox.read(account)) {
    for (const { id, message } of messages) {
      items.push(xml('item', { jid: account, node: nodeOf(id), name: message.from.full }))
    }
  }
  return items
}

/**
 * §2.4 and §2.6. They stay. The client is answered when it has read them, and may say that it has meanwhile: its
 * stream does not wait.
 */
async function show(
  { messaging: { mailbox }, log }: ModuleContext,
  request: IqRequest,
): Promise<typeof REPLIED> {
  const { payload } = request
  const account = reader(request)
  const session = requireSession(request)
  if (reading.has(session)) throw resourceConstraint('one request at a time')
  const batches = payload.child('fetch')
    ? mailbox.read(account)
    : inBatches(await found(mailbox, request, 'view'))
  reading.add(session)
  giveAll(mailbox, session, batches)
    .then((isRead) => isRead && request.reply())
    .catch((err: unknown) => log.error({ what: 'xmpp_offline_messages_not_shown', account, err }))
    .finally(() => reading.delete(session))
  return REPLIED
}

/** §2.5 and §2.7. */
async function remove(mailbox: Mailbox, request: IqRequest): Promise<undefined> {
  const account = reader(request)
  if (request.payload.child('purge')) return void (await mailbox.clear(account))
  const messages = await found(mailbox, request, 'remove')
  await mailbox.remove(
    account,
    messages.map(({ id }) => id),
  )
}

/** Those that are being given what they asked for. */
const reading = new WeakSet<XmppSession>()

/** No more at a time than the client reads; false where it does not. */
async function giveAll(
  mailbox: Mailbox,
  session: XmppSession,
  batches: AsyncIterable<readonly KeptMessage[]> | Iterable<readonly KeptMessage[]>,
): Promise<boolean> {
  for await (const messages of batches) {
    for (const { id, message } of messages) {
      const item = `<item node='${escapeAttr(nodeOf(id))}'/>`
      const offline = `<offline xmlns='${NS_OFFLINE}'>${item}</offline>`
      session.send(withinMessage(renderMessage(message, session.account), offline))
    }
    if (!(await mailbox.flushed(session))) return false
  }
  return true
}

function inBatches(messages: readonly KeptMessage[]): (readonly KeptMessage[])[] {
  const count = Math.ceil(messages.length / BATCH)
  return Array.from({ length: count }, (_, at) => messages.slice(at * BATCH, (at + 1) * BATCH))
}

/** §2.3: whoever orders them by their characters has them in the order in which they came. */
function nodeOf(id: number): string {
  return String(id).padStart(16, '0')
}

/** The messages that the items name. Throws `StanzaError` where one is not there. */
async function found(
  mailbox: Mailbox,
  { payload, to }: IqRequest,
  action: 'view' | 'remove',
): Promise<readonly KeptMessage[]> {
  const items = [...payload.elements()].filter((child) => child.is('item', NS_OFFLINE))
  if (items.length === 0 || items.some((item) => item.attr('action') !== action)) {
    throw badRequest(`items with the action ${action}`)
  }
  if (items.length > MAX_ITEMS) throw resourceConstraint('too many messages at once')
  const ids = new Set(items.map((item) => idOf(item.attr('node') ?? '')))
  const messages = await mailbox.get(to, [...ids])
  if (messages.length < ids.size) throw itemNotFound()
  return messages
}

/** 0 for what names nothing. */
function idOf(node: string): number {
  return /^\d{16}$/.test(node) ? Number(node) : 0
}
