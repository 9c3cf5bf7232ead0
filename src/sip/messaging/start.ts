/** Builds what sends and takes MESSAGE, and announces it. */
import type { BareJid } from '../../core/address.ts'
import type { SipIdentity } from '../auth/identity.ts'
import type { Identify, ResolveResource } from '../events/resources.ts'
import type { SipConfig, SipDeps } from '../services.ts'
import type { Peer } from '../transport/transport.ts'
import type { RequestHandler, SipUserAgent } from '../user-agent.ts'
import { AwaitedReports } from './awaited-reports.ts'
import { MESSAGE_TYPES } from './content.ts'
import { MessageHandler, type SendingClient } from './incoming.ts'
import { MessageSender } from './outgoing.ts'
import { RECIPIENT_LIST_MESSAGE, RecipientLists } from './recipient-lists.ts'
import { SenderReports } from './sender-reports.ts'

interface MessagingParts {
  readonly userAgent: SipUserAgent
  readonly identify: Identify
  readonly resolve: ResolveResource
}

export interface SipMessaging {
  readonly sender: MessageSender
  /** Takes MESSAGE from now on; answers what takes one that somebody has had sent for him (RFC 3515). */
  serve(
    sessionAt: (account: BareJid, source: Peer) => SendingClient | undefined,
  ): (identity: SipIdentity) => RequestHandler
}

export function openMessaging(
  { sip, xmpp }: SipConfig,
  deps: SipDeps,
  parts: MessagingParts,
): SipMessaging {
  const { clock, directory, messaging } = deps
  const awaited = new AwaitedReports()
  const { askForReports, maxMessageBytes: maxBodyBytes } = sip
  const { userAgent } = parts
  const sender = new MessageSender({ clock, userAgent, directory, awaited, askForReports })
  const reports = new SenderReports({ messaging, awaited })
  const many = xmpp?.multicast
  const lists = new RecipientLists({
    ...deps,
    ...parts,
    reports,
    enabled: many?.enabled === true,
    name: many?.name ?? '',
    maxRecipients: many?.maxAddresses ?? 0,
    maySend: (account) => many?.senders === 'users' || xmpp?.admins.includes(account) === true,
  })
  return {
    sender,
    serve: (sessionAt) => {
      const all = { ...deps, ...parts, ...{ sessionAt, maxBodyBytes, reports, lists } }
      const handler = new MessageHandler(all)
      userAgent.handle('MESSAGE', (tx) => handler.handle(tx))
      userAgent.contribute({ accept: MESSAGE_TYPES })
      if (many?.enabled) userAgent.contribute({ supported: [RECIPIENT_LIST_MESSAGE] })
      return (identity) => {
        const sending = new MessageHandler({ ...all, identify: async () => identity })
        return (tx) => sending.handle(tx)
      }
    },
  }
}
