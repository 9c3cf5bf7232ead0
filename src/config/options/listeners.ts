import {
  address,
  boolean,
  choice,
  duration,
  integer,
  list,
  optionalPath,
  optionalText,
} from '../option.ts'
import { records } from '../records.ts'

export const listenersOption = records(
  {
    name: optionalText({ doc: 'What it is called where the server speaks of it.' }),
    kind: choice(['xmpp', 'xmppTls', 'httpsXmpp', 'http'], {
      default: 'xmpp',
      doc: 'XMPP with STARTTLS, or with TLS from the first byte; over HTTPS, or HTTP for a proxy (`http.*`).',
    }),
    address: address({ default: 'off', doc: 'Where it listens.' }),
    maxConnections: integer({
      default: 100_000,
      min: 1,
      max: 10_000_000,
      doc: 'Connections that it takes, of those that `xmpp.maxConnections` lets in.',
    }),
    idleTimeout: duration({
      default: '14m',
      min: '10s',
      max: '1 day',
      doc: 'As `xmpp.idleTimeout`.',
    }),
    tlsRequired: boolean({
      default: true,
      doc: 'Nobody signs in without TLS. Without it passwords may cross the network readable.',
    }),
    mechanisms: list('mechanism', {
      default: [],
      doc: 'The SASL mechanisms that it takes; all, where it is empty.',
    }),
    clientCertificates: choice(['off', 'optional', 'required'], {
      default: 'off',
      doc: 'As `xmpp.clientCertificates`.',
    }),
    certificate: optionalPath({
      doc: 'PEM file with the certificate that it shows to everybody, instead of those of `tls.*`.',
    }),
    key: optionalPath({ doc: 'PEM file with the private key of `certificate`.' }),
    realm: optionalText({ doc: 'Realm of DIGEST-MD5; otherwise the domain of the stream.' }),
  },
  {
    doc: 'More listeners for XMPP clients, beside `listen.xmpp` and `listen.xmppTls`: for networks that are to be treated differently.',
    item: 'listener',
    max: 100,
    required: ['name', 'address'],
  },
)
