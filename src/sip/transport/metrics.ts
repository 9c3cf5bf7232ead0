import { counter, gauge } from '../../util/metrics.ts'

export const messagesReceived = counter({
  name: 'heliograph_sip_messages_received_total',
  help: 'SIP messages received, by transport and kind.',
  labels: ['transport', 'kind'],
})

export const messagesRefused = counter({
  name: 'heliograph_sip_messages_refused_total',
  help: 'Input that is not a usable SIP message, by transport and the status it was (or would be) answered with.',
  labels: ['transport', 'status'],
})

export const udpLost = gauge({
  name: 'heliograph_sip_udp_lost',
  help: 'Datagrams that the kernel has dropped since the start because those before them were not read in time.',
})

export const messagesSent = counter({
  name: 'heliograph_sip_messages_sent_total',
  help: 'SIP messages written, by transport.',
  labels: ['transport'],
})

export const sendFailures = counter({
  name: 'heliograph_sip_send_failures_total',
  help: 'SIP messages that could not be written, by transport.',
  labels: ['transport'],
})

export const connectionsRefused = counter({
  name: 'heliograph_sip_connections_refused_total',
  help: 'Connections turned away or cut, by reason.',
  labels: ['reason'],
})

export const connectionsOpen = gauge({
  name: 'heliograph_sip_connections',
  help: 'Open SIP connections, by transport.',
  labels: ['transport'],
})

export const stunReceived = counter({
  name: 'heliograph_sip_stun_total',
  help: 'STUN messages on SIP ports, by whether they were answered.',
  labels: ['result'],
})
