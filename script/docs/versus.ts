import { TOPICS } from '../../test/interop/versus/topics/index.ts'
import { page, table } from './markdown.ts'

/** Asked once, differing, and in no dialogue, because nothing says that ours is right. */
const LEFT_OUT = `## Left out

- A subscription to an account that does not exist: RFC 6121 §8.5.1 has it ignored. Heliograph answers \`item-not-found\`,
  Prosody sends unavailable presence. Neither is right.
- A message to a component that is not connected: Heliograph keeps it for a while, Prosody refuses it at once.
- An ad-hoc command without a node: \`bad-request\` from Heliograph, \`service-unavailable\` from Prosody.`

/** From the tables that the tests compare with. */
export function versusPage(): string {
  const parts = TOPICS.map(({ title, specs, differences }) => {
    const rows = Object.entries(differences).map(([asked, { why }]) => [asked, why])
    const text =
      rows.length === 0 ? 'Both answer alike.' : table(['asked', 'ours is right by'], rows)
    return `## ${title}\n\n${specs}\n\n${text}`
  })
  return page(
    'The same dialogues with Prosody',
    `\`test/interop/versus/\` holds the same dialogues with Debian's Prosody 0.12 and with Heliograph in one run. What the dialogues
ask and is not listed here is answered alike but for what the specifications leave open, such as ids, stamps and the order of
features. A difference that is not listed fails the test, and so does one that is no more; what each of the two answers is in
the tables of \`test/interop/versus/topics/\`. File sharing (XEP-0363) has its own in \`test/interop/versus/upload.test.ts\`.`,
    ...parts,
    LEFT_OUT,
  )
}
