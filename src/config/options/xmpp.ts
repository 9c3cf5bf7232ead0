import Type from 'typebox'
import {
  boolean,
  choice,
  duration,
  integer,
  list,
  optionalPath,
  optionalText,
  size,
} from '../option.ts'
import { multicastOptions } from './multicast.ts'
import { contactAddressesOptions, externalServicesOption, outageUrlsOption } from './services.ts'

const clients = {
  plaintextAuth: boolean({
    default: false,
    doc: 'Lets clients sign in without TLS. For benchmarks on loopback only: passwords may cross the network readable. The log warns.',
  }),
  resourceConflict: choice(['replace', 'refuse', 'rename'], {
    default: 'replace',
    doc: 'What becomes of a client that asks for a resource which another one has: it replaces that one, is refused, or gets another name (RFC 6120 §7.7.2.2).',
  }),
  authTimeout: duration({
    default: '60s',
    min: '5s',
    max: '10m',
    doc: 'From the connection to a bound resource.',
  }),
  idleTimeout: duration({
    default: '14m',
    min: '10s',
    max: '1 day',
    doc: 'Silence after which a client is asked for a sign of life (XEP-0199).',
  }),
  idleGrace: duration({
    default: '60s',
    min: '1s',
    max: '1h',
    doc: 'How long the client may take to give it. Then its stream ends with connection-timeout.',
  }),
  maxStanzaBytesBeforeAuth: size({
    default: '10 KB',
    min: 10_000,
    max: 1_048_576,
    doc: 'A stanza of a client that has not signed in (RFC 6120 §13.12).',
  }),
  maxStanzaBytes: size({
    default: '256 KB',
    min: 10_000,
    max: 16_777_216,
    doc: 'A stanza of a client that has.',
  }),
  maxQueuedBytes: size({
    default: '4 MB',
    min: 65_536,
    max: 1_073_741_824,
    doc: 'What a client may leave unread before its stream is closed.',
  }),
  resumeFor: duration({
    default: '5m',
    min: '0s',
    max: '1 day',
    doc: 'How long a session waits for a client whose connection broke, and keeps what it is sent (XEP-0198). 0s: no session does.',
  }),
  maxUnacknowledged: integer({
    default: 1000,
    min: 10,
    max: 1_000_000,
    doc: 'Stanzas that a client may leave unacknowledged (XEP-0198) before its session ends; `xmpp.maxQueuedBytes` bounds their size.',
  }),
  maxBytesPerSecond: size({
    default: '256 KB',
    max: 1_073_741_824,
    doc: 'What a client may say for ever; ten times as much may come at once. One that says more is left unread for a while. 0: no limit, as for the three that follow.',
  }),
  maxStanzasPerSecond: integer({
    default: 100,
    min: 0,
    max: 1_000_000,
    doc: 'Likewise, in stanzas.',
  }),
  maxBytesPerSecondPerAddress: size({
    default: '64 MB',
    max: 1_073_741_824,
    doc: 'What all clients from one network address (IPv6: from one /64) may say together.',
  }),
  maxStanzasPerSecondPerAddress: integer({
    default: 20_000,
    min: 0,
    max: 10_000_000,
    doc: 'Likewise, in stanzas.',
  }),
  maxConnections: integer({
    default: 100_000,
    min: 1,
    max: 10_000_000,
    doc: 'Client connections of all together.',
  }),
  maxConnectionsPerAddress: integer({
    default: 20_000,
    min: 1,
    max: 10_000_000,
    doc: 'Client connections from one network address (IPv6: from one /64). Large, since a whole office may come from one address.',
  }),
  maxResourcesPerUser: integer({
    default: 20,
    min: 1,
    max: 1000,
    doc: 'Clients of one user at a time.',
  }),
  maxSignInFailures: integer({
    default: 20,
    min: 3,
    max: 10_000,
    doc: 'Wrong passwords from one network address before each more makes it wait, twice as long as the one before, up to five minutes. One is forgiven every 15 seconds. For one account from one address it is 5, and one every ten minutes.',
  }),
  tokenLifetime: duration({
    default: '21 days',
    min: '0s',
    max: '365 days',
    doc: 'How long a client that was away may sign in with the token that it was given (XEP-0484); one that comes daily gets a new one by then. 0s: no tokens.',
  }),
  clientCertificates: choice(['off', 'optional', 'required'], {
    default: 'off',
    doc: 'Whether clients of `listen.xmpp` and `listen.xmppTls` are asked for a certificate, and may sign in with it (SASL EXTERNAL, XEP-0178). Required: nobody gets in without one. Needs `xmpp.clientCa`.',
  }),
  clientCa: optionalPath({
    doc: 'PEM file with the authorities whose certificates clients may show. Read when the server starts.',
  }),
  clientCertificateFallback: choice(['off', 'email', 'common-name'], {
    default: 'off',
    doc: 'What names the account in a certificate without an XMPP address: an e-mail address, which is then taken for one, or the common name, a user’s name or an address.',
  }),
}

const people = {
  admins: list('account', {
    default: [],
    max: 1000,
    doc: 'Users who may administer the users of their domain over XMPP (XEP-0133). What they change is in the audit log.',
  }),
  registration: choice(['off', 'invite', 'open'], {
    default: 'off',
    doc: 'Whether anybody may make himself an account (XEP-0077), or whoever was invited (XEP-0445).',
  }),
  invitations: choice(['off', 'admins', 'users'], {
    default: 'off',
    doc: 'Who may invite others to be their contacts (XEP-0401, XEP-0379), and to make an account where `xmpp.registration` allows it. To an account without being a contact only `xmpp.admins` invite.',
  }),
  invitationLifetime: duration({
    default: '7 days',
    min: '1m',
    max: '365 days',
    doc: 'How long an invitation is good. It is good once.',
  }),
  invitationPage: optionalText({
    doc: 'Address of a web page that shows an invitation to somebody without a client, with `{uri}` where its XMPP address is to stand: `https://example.com/invite#{uri}`.',
  }),
  passwordChange: boolean({
    default: true,
    doc: 'Whether users may change their passwords from their clients (XEP-0077 §3.3), also where `xmpp.registration` is off.',
  }),
  registrationsPerHour: integer({
    default: 5,
    min: 1,
    max: 10_000,
    doc: 'Accounts that one network address may make in an hour, where `xmpp.registration` is open.',
  }),
  maxRosterItems: integer({
    default: 2000,
    min: 1,
    max: 100_000,
    doc: 'Contacts of one user, requests to him that he has not answered included.',
  }),
  maxDirectedPresence: integer({
    default: 500,
    min: 1,
    max: 10_000,
    doc: 'Addresses that one client may send directed presence to (RFC 6121 §4.6), chat rooms included.',
  }),
  busyShow: choice(['dnd', 'none'], {
    default: 'dnd',
    doc: 'What XMPP watchers see of somebody who is busy, in a meeting or on a call: `dnd`, or no `<show/>` and only the status text. Do Not Disturb is always `dnd`.',
  }),
}

const kept = {
  push: choice(['off', 'count', 'sender', 'body'], {
    default: 'count',
    doc: 'What the push services of users’ devices are told (XEP-0357) when something waits for them: how much, who wrote last, or his first words, too. They are run by others, who read it.',
  }),
  privacyLists: boolean({
    default: false,
    doc: 'Whether clients that know privacy lists (XEP-0016) and nothing newer are shown the user’s block list as one, to be read only.',
  }),
  maxVcardSize: size({
    default: '128 KB',
    min: 1024,
    max: 16_777_216,
    doc: 'A vCard with its picture (XEP-0054); a stanza of `xmpp.maxStanzaBytes` carries it.',
  }),
  maxPrivateData: size({
    default: '1 MB',
    max: 1_073_741_824,
    doc: 'What one user’s clients keep with the server for themselves (XEP-0049), in 100 pieces at most. 0: nothing.',
  }),
}

const told = {
  contactAddresses: contactAddressesOptions,
  outageUrls: outageUrlsOption,
  externalServices: externalServicesOption,
  multicast: multicastOptions,
}

export const xmppOptions = Type.Object(
  { ...clients, ...people, ...kept, ...told },
  { description: 'XMPP.' },
)
