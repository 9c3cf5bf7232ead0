/** Messages that somebody missed, as an e-mail to him: plain text, with sender and time. */
import { createHash } from 'node:crypto'
import { fill, type MailRoute } from './route.ts'

export interface Missed {
  readonly id: number
  readonly body: string
  readonly subject: string | undefined
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface Person {
  /** An address of one of the protocols, or of e-mail. */
  readonly address: string
  /** Possibly empty. */
  readonly name: string
}

export interface Mail {
  readonly from: Person
  readonly to: Person
  readonly subject: string
  readonly text: string
  /** The same for the same messages: who gets it twice can tell. */
  readonly messageId: string
}

/** What one mail holds. */
const MAX_MESSAGES = 50
const MAX_CHARS = 200_000

/** Stands in every mail, and comes back in what answers it by itself. */
const MARK = 'heliograph-forwarded-'
/** §3.1.7 of RFC 3834 asks not to loop: a text with the mark of ours has been a mail. */
export function hasBeenMailed(body: string): boolean {
  return body.includes(MARK)
}

/** As many of the messages as one mail holds, in their order; one at least. */
export function firstMail(missed: readonly Missed[]): readonly Missed[] {
  let chars = 0
  let count = 0
  for (const { body } of missed) {
    chars += body.length
    if (count === MAX_MESSAGES || (count > 0 && chars > MAX_CHARS)) break
    count += 1
  }
  return missed.slice(0, count)
}

export function compose(
  route: MailRoute,
  { sender, recipient, missed }: { sender: Person; recipient: Person; missed: readonly Missed[] },
): Mail {
  const { domain } = route
  const name = sender.name === '' ? sender.address : sender.name
  const key = createHash('sha256')
  for (const { id, at } of missed) key.update(`${id} ${at} `)
  const reference = key.digest('base64url').slice(0, 24)
  return {
    from: author(route, name),
    to: recipient,
    subject: fill(route.subject, { domain, sender: name }),
    text: textOf(sender, missed, reference),
    messageId: `<${reference}@${domain}>`,
  }
}

/** A name with an address, or an address alone; the sender's own words are only ever part of the name. */
function author({ from, domain }: MailRoute, sender: string): Person {
  const [, name = '', address = from] = /^(.*)<([^<>]*)>\s*$/.exec(from) ?? []
  return { name: fill(name.trim(), { domain, sender }), address: fill(address.trim(), { domain }) }
}

function textOf({ address, name }: Person, missed: readonly Missed[], reference: string): string {
  const who = name === '' ? address : `${name} (${address})`
  const what = missed.length === 1 ? 'a message' : `${missed.length} messages`
  const parts = missed.map(({ at, subject, body }) => {
    const title = subject ? `${timeOf(at)}: ${subject}` : timeOf(at)
    return `${title}\n\n${body.slice(0, MAX_CHARS)}`
  })
  return [
    `${who} sent you ${what} while you were not signed in.`,
    ...parts,
    `-- \nAnswer with your chat client: nobody reads answers to this e-mail.\n${MARK}${reference}\n`,
  ].join('\n\n')
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
