import { counter, gauge } from '../../util/metrics.ts'

/** Counted here, and told when somebody asks. */
export const transactionsOpen = { server: 0, client: 0 }

gauge(
  {
    name: 'heliograph_sip_transactions',
    help: 'SIP transactions in any state before terminated, by side.',
    labels: ['side'],
  },
  (open) => {
    open.set({ side: 'server' }, transactionsOpen.server)
    open.set({ side: 'client' }, transactionsOpen.client)
  },
)

export const requestsReceived = counter({
  name: 'heliograph_sip_requests_received_total',
  help: 'SIP requests that began a server transaction, by method.',
  labels: ['method'],
})

export const responsesSent = counter({
  name: 'heliograph_sip_responses_sent_total',
  help: 'First transmissions of responses, by status.',
  labels: ['status'],
})

export const requestsSent = counter({
  name: 'heliograph_sip_requests_sent_total',
  help: 'SIP requests by method and how they ended: the final status, timeout, unreachable or overload.',
  labels: ['method', 'result'],
})

export const retransmissions = counter({
  name: 'heliograph_sip_retransmissions_total',
  help: 'Messages seen or written again, by side.',
  labels: ['side'],
})

export const overloaded = counter({
  name: 'heliograph_sip_overload_total',
  help: 'Requests refused because there are too many transactions, by side.',
  labels: ['side'],
})

export const strayMessages = counter({
  name: 'heliograph_sip_stray_messages_total',
  help: 'Responses and ACKs that belong to no transaction.',
  labels: ['kind'],
})
