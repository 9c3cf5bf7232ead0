/** What a session was sent and never acknowledged, when it has gone for good (XEP-0198 §4). */
import { type Jid, parseJid } from '../../core/address.ts'
import type { DeliveryOutcome } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Element } from '../../xml/element.ts'
import { parseDocument } from '../../xml/tokenizer.ts'
import { errorReply, serviceUnavailable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { XmppSession } from '../session.ts'
import type { Unacknowledged } from '../stream-management/outbox.ts'
import { refusalError } from './refusals.ts'
import { XmppMessage } from './xmpp-message.ts'

/** It was checked when it came in: these bound nothing that is not bounded. */
const LIMITS = { maxStanzaBytes: 2 ** 30, maxDepth: 1000, maxAttributes: 1000 }

export interface UndeliveredDeps {
  readonly messaging: Messaging
  readonly sessions: LocalSessions
}

/**
 * Messages go to his other clients or wait for him, as if they came now (RFC 6121 §8.5), with the time at which they
 * came; requests are answered with an error (§8.5.3.2.3); the rest concerned that session alone.
 */
export async function redeliver(
  deps: UndeliveredDeps,
  session: XmppSession,
  stanzas: readonly Unacknowledged[],
): Promise<void> {
  for (const { stanza: text, at } of stanzas) {
    const stanza = parse(text)
    const from = parseJid(stanza?.attr('from') ?? '')
    if (!stanza || !from) continue
    if (stanza.name === 'message') await again(deps, { stanza, from, at }, session)
    else if (isRequest(stanza)) answer(deps, from, errorReply(stanza, serviceUnavailable()))
  }
}

async function again(
  deps: UndeliveredDeps,
  { stanza, from, at }: { stanza: Element; from: Jid; at: number },
  session: XmppSession,
): Promise<void> {
  const message = new XmppMessage(stanza, from, session.jid, at)
  const outcome = await deps.messaging.send(message, undefined)
  settle(deps, from, stanza, outcome)
}

function settle(
  deps: UndeliveredDeps,
  from: Jid,
  stanza: Element,
  outcome: DeliveryOutcome,
): void {
  if (outcome.kind === 'refused') answer(deps, from, errorReply(stanza, refusalError(outcome.refusal)))
  if (outcome.kind === 'relayed') {
    void outcome.final.then((final) => settle(deps, from, stanza, final))
  }
}

function answer({ sessions }: UndeliveredDeps, to: Jid, reply: Element | undefined): void {
  if (reply) sessions.get(to.bare, to.resource)?.send(reply)
}

function isRequest(stanza: Element): boolean {
  const type = stanza.attr('type')
  return stanza.name === 'iq' && (type === 'get' || type === 'set')
}

function parse(text: string): Element | undefined {
  const [stanza] = parseDocument(`<sent xmlns='${NS_CLIENT}'>${text}</sent>`, LIMITS).elements()
  return stanza
}
