import { counter } from '../../util/metrics.ts'

export const refused = counter({
  name: 'heliograph_xmpp_http_refused_total',
  help: 'Requests of clients over HTTP that were refused, by transport and reason; for want of room they are in heliograph_xmpp_connections_total.',
  labels: ['transport', 'reason'],
})
