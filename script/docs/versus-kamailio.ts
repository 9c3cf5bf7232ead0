import { SIP_CASES } from '../../test/interop/versus/sip-cases.ts'
import { page, table } from './markdown.ts'

/** From the tables that the tests compare with. */
export function versusKamailioPage(): string {
  const parts = Object.entries(SIP_CASES).map(([title, cases]) => {
    const rows = cases.map(({ title: what, specs, difference }) => [
      what,
      specs,
      difference?.theirs ?? 'passes',
      difference?.ours ?? 'passes',
      difference?.why ?? '',
    ])
    const head = ['scenario', 'by', 'Kamailio', 'Heliograph', 'ours is right by']
    return `## ${title}\n\n${table(head, rows)}`
  })
  return page(
    'The same scenarios with Kamailio',
    `\`test/interop/versus/sip-dialogues.test.ts\` runs the same scenarios of SIPp (\`test/interop/sipp/\`) with the presence modules of
Debian’s Kamailio 5.6 ([its configuration](../../test/interop/versus/kamailio.cfg)) and with Heliograph in one run. Where an answer is named,
it came instead of the one that the scenario waits for. A difference that is not listed fails the test, and so does one that is no
more.`,
    ...parts,
    LEFT_OUT,
  )
}

const LEFT_OUT = `## Left out

- What Debian’s Kamailio does not have: lists in a request (RFC 5367), \`xcap-diff\`, partial, conditional and filtered notification,
  rate control, REFER for subscriptions. MESSAGE is for its routes and other modules to serve.
- A NOTIFY that nobody answers: Kamailio ends the subscription at once, Heliograph after three (\`sip.notifyFailures\`).
- Who exists, and how big a body may be, is for Kamailio’s routes to say; those of its configuration here say whom there is, and
  set no limit.`
