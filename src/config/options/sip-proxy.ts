/** The proxy in front of the SIP user agent, and the proxies in front of it. */
import Type from 'typebox'
import { boolean, choice, define, integer, list, optionalText, requiredHost } from '../option.ts'
import { records } from '../records.ts'
import { parseDomain, parseName, parseSipRoute } from '../values.ts'

const hop = {
  host: requiredHost({ doc: 'Its address or name.' }),
  port: integer({
    default: 0,
    min: 0,
    max: 65_535,
    doc: '0: as DNS says (RFC 3263), or the usual one.',
  }),
  transport: choice(['any', 'udp', 'tcp', 'tls'], {
    default: 'any',
    doc: 'What it is spoken to by; `any` is as DNS says, or UDP.',
  }),
}

const rules = records(
  {
    name: optionalText({ doc: 'What it is for.' }),
    methods: list('sipToken', { default: [], max: 20, doc: 'Methods; all, where it is empty.' }),
    fromHosts: patterns('Hosts of the From URI'),
    fromUsers: patterns('User parts of the From URI'),
    toHosts: patterns('Hosts of the To URI'),
    toUsers: patterns('User parts of the To URI'),
    uris: patterns('Request-URIs as they are written'),
    events: patterns('Event packages'),
    action: choice(['local', 'location', 'route', 'destination', 'reject'], {
      default: 'local',
      doc: 'What becomes of it: handled here; sent to the device that the user of ours has registered; sent on as route set, request-URI and DNS say; sent to one of `destinations`; refused with `status`.',
    }),
    destinations: list('name', {
      default: [],
      max: 20,
      doc: 'Names of `sip.proxy.destinations`. Each user’s requests go to the same one of them.',
    }),
    selectBy: choice(['to', 'from'], {
      default: 'to',
      doc: 'Whose address chooses among `destinations`.',
    }),
    status: integer({ default: 403, min: 400, max: 699, doc: 'Of a refusal.' }),
    allow: choice(['trusted', 'users', 'anyone'], {
      default: 'trusted',
      doc: 'Whose requests it sends on: of `sip.trustedPeers`; also of users who prove themselves (407); of anybody. The last one makes an open relay where the action is `route`.',
    }),
    recordRoute: choice(['default', 'on', 'off'], {
      default: 'default',
      doc: 'Whether what follows in a dialog passes here, too; by default as `sip.proxy.recordRoute`.',
    }),
  },
  {
    doc: 'Where requests go that are for neither this server nor its users, and those that are, where they shall go elsewhere. The first rule counts whose every field fits; a field that is empty fits everything, `*` in a pattern stands for any text.',
    item: 'rule',
    max: 200,
    required: [],
  },
)

function patterns(what: string) {
  return list('pattern', { default: [], max: 100, doc: `${what}, as patterns.` })
}

export const sipProxyOptions = Type.Object(
  {
    rules,
    defaultRule: choice(['bounce', 'forward'], {
      default: 'bounce',
      doc: 'What becomes of a request for others that no rule is about: refused, or sent on where it comes from `sip.trustedPeers`.',
    }),
    destinations: records(
      {
        name: define<string>(
          { type: 'string' },
          {
            description: 'What rules call it.',
            default: undefined,
            expects: 'a name',
            read: parseName,
          },
        ),
        ...hop,
      },
      {
        doc: 'Named next hops for rules.',
        item: 'destination',
        max: 100,
        required: ['name', 'host'],
      },
    ),
    hosts: records(
      {
        domain: define<string>(
          { type: 'string' },
          {
            description: 'The host of request-URI or Route.',
            default: undefined,
            expects: 'a domain name',
            read: parseDomain,
          },
        ),
        ...hop,
      },
      {
        doc: 'Next hops of domains, instead of what DNS says.',
        item: 'host mapping',
        max: 1000,
        required: ['domain', 'host'],
      },
    ),
    recordRoute: boolean({
      default: false,
      doc: 'Whether all that follows in a dialog passes here. Where a client can be reached by its own connection only, it does in any case.',
    }),
  },
  { description: 'The proxy: what is sent on, where to, and for whom.' },
)

export const sipOutboundProxyOption = define<string | undefined>(
  { type: 'string' },
  {
    description:
      'SIP URI of a proxy that requests go to which are not for a client’s own connection or address: ours, and those that are sent on.',
    default: undefined,
    expects: 'a SIP URI such as sip:proxy.example.com;transport=tcp',
    read: parseSipRoute,
  },
)

export const sipRegistrarOption = boolean({
  default: true,
  doc: 'Whether clients register here. Off where a session manager in front does that; who asks is then what it says in P-Asserted-Identity (`sip.trustedPeers`).',
})
