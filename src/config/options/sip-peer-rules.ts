import { choice, duration, list, size } from '../option.ts'
import { records } from '../records.ts'

export const sipPeerRulesOption = records(
  {
    peers: list('peer', {
      default: [],
      min: 1,
      doc: 'Whom it is for: addresses, networks, and domain names of URIs.',
    }),
    transport: choice(['same', 'udp', 'tcp', 'tls'], {
      default: 'same',
      doc: 'By what they are reached where a URI does not say: the DNS is not asked for it.',
    }),
    maxUdpRequest: size({
      default: '1300',
      max: 65_535,
      doc: 'As `sip.transport.maxUdpRequest`: 0 sends all by TCP, 65535 none.',
    }),
    tlsVerify: choice(['same', 'name', 'authority', 'off'], {
      default: 'same',
      doc: 'What the certificate must show when the server connects to them: an authority that is trusted and their name, such an authority, or nothing.',
    }),
    tlsMinVersion: choice(['same', '1.2', '1.3'], {
      default: 'same',
      doc: 'The oldest TLS for it, where that is not `tls.minVersion`.',
    }),
    keepAlive: duration({
      default: '0s',
      max: '1h',
      doc: 'As `sip.transport.keepAlive`.',
    }),
  },
  {
    doc: 'What is different for single peers that the server sends requests to; the first that is for a peer counts.',
    item: 'peer rule',
    max: 1000,
    required: ['peers'],
  },
)
