import { counter } from '../../util/metrics.ts'

export const multicasts = counter({
  name: 'heliograph_xmpp_multicasts_total',
  help: 'Stanzas for many (XEP-0033), by what they were and what became of them: taken, or the condition of the refusal.',
  labels: ['kind', 'outcome'],
})

export const copies = counter({
  name: 'heliograph_xmpp_multicast_copies_total',
  help: 'Copies of those for single recipients, by what they were and whether they were passed on or refused at once.',
  labels: ['kind', 'outcome'],
})
