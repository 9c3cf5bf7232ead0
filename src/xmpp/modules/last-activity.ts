/**
 * XEP-0012: Last Activity: since when somebody is away, for those who may see that he is, and since when the server is
 * there. Who seems to be offline is: whether he has a client all the same is nobody's business (§7).
 */
import type { BareJid } from '../../core/address.ts'
import type { PersonState } from '../../core/presence/document.ts'
import { type Element, xml } from '../../xml/element.ts'
import { forbidden, itemNotFound } from '../errors.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import { XMPP_CLASS } from '../presence/presence-source.ts'

const NS_LAST = 'jabber:iq:last'

export const lastActivity = defineModule({
  name: 'last-activity',
  specs: [{ xep: 12, version: '2.0', status: 'partial' }], // to strangers, a client is `service-unavailable` (RFC 6121 §8.5.3), not `forbidden` (§4)
  features: [NS_LAST],
  accountFeatures: [NS_LAST],

  setup(context) {
    const { iq, clock, presence, directory } = context
    const startedAt = clock.now()
    iq.server.get(NS_LAST, 'query', () => answer(clock.now() - startedAt))
    iq.account.get(NS_LAST, 'query', ({ to, from }) => ofAccount(context, to, from.bare, startedAt))
    return presence.subscribe({
      name: 'last-activity',
      presenceChanged({ presentity, document: { person }, previous }) {
        if (isAway(person.state) && !isAway(previous.person.state)) {
          directory.lastActivity.left(presentity, person.since)
        }
      },
    })
  },
})

async function ofAccount(
  { sight, presence, directory, clock }: ModuleContext,
  account: BareJid,
  asker: BareJid,
  startedAt: number,
): Promise<Element> {
  if (asker === account) return answer(0) // he has the client that asks
  const visible = await sight.of(account, asker)
  if (!visible?.sees(XMPP_CLASS)) throw forbidden() // §3
  const { person } = presence.view(account, visible).document
  if (!isAway(person.state)) return answer(0)
  const departure = await directory.lastActivity.of(account)
  // What this process has not seen itself it takes to have been so since it began.
  const seen = person.since > startedAt ? person.since : undefined
  if (departure && departure.at >= (seen ?? 0)) {
    return answer(clock.now() - departure.at, departure.words)
  }
  if (seen === undefined) throw itemNotFound()
  return answer(clock.now() - seen)
}

function isAway(state: PersonState): boolean {
  return state === 'offline' || state === 'unknown'
}

function answer(milliseconds: number, words = ''): Element {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  return xml('query', { xmlns: NS_LAST, seconds: String(seconds) }, words)
}
