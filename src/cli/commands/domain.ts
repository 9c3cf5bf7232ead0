/** `heliograph domain …`: the domains that the system serves. */
import { path } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { DomainReply } from '../replies.ts'

const SIP_DIGEST = {
  value: 'WHICH',
  doc: 'off, md5, sha-256 or both: how SIP clients may sign in.',
} as const
const COMPOSITION = {
  value: 'TABLE',
  doc: 'enterprise or microsoft: how one state is made of all that is known of a person.',
} as const
const NAME = { name: 'domain', doc: 'A domain name.' } as const

const add = defineCommand({
  path: ['domain', 'add'],
  summary: 'Add a domain',
  args: [NAME],
  options: {
    'digest-md5': { doc: 'Offer DIGEST-MD5 to XMPP clients that have nothing better.' },
    'sip-digest': SIP_DIGEST,
    composition: COMPOSITION,
  },
  example: 'heliograph domain add example.com --sip-digest both',
  async run({ api, args, options, switches }) {
    const body = {
      name: args.domain,
      digestMd5: switches.has('digest-md5'),
      sipDigest: options['sip-digest'] ?? 'off',
      composition: options.composition,
    }
    const domain = (await api.call({
      method: 'POST',
      path: '/api/v1/domains',
      body,
    })) as DomainReply
    return { json: domain, text: `added ${domain.name}` }
  },
})

const set = defineCommand({
  path: ['domain', 'set'],
  summary:
    'Change how clients may sign in, for passwords set from then on, or how presence is composed',
  args: [NAME],
  options: {
    'digest-md5': { value: 'on|off', doc: 'Whether DIGEST-MD5 is offered to XMPP clients.' },
    'sip-digest': SIP_DIGEST,
    composition: COMPOSITION,
  },
  example: 'heliograph domain set example.com --sip-digest sha-256',
  async run({ api, args, options }) {
    const digestMd5 = parseSwitch(options['digest-md5'])
    const { composition } = options
    const body = { digestMd5, sipDigest: options['sip-digest'], composition }
    const target = path`/api/v1/domains/${args.domain}`
    const domain = (await api.call({ method: 'PATCH', path: target, body })) as DomainReply
    return { json: domain, text: table([row(domain)]) }
  },
})

function parseSwitch(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (text === 'on' || text === 'off') return text === 'on'
  throw new CliError('usage', 'CLI_USAGE', '--digest-md5 is on or off')
}

function row({ name, digestMd5, sipDigest, composition }: DomainReply): string[] {
  return [name, `sip-digest ${sipDigest}`, composition, digestMd5 ? 'digest-md5' : '']
}

const list = defineCommand({
  path: ['domain', 'list'],
  summary: 'List the domains',
  args: [],
  options: {},
  example: 'heliograph domain list',
  async run({ api }) {
    const reply = await api.call({ method: 'GET', path: '/api/v1/domains' })
    const { domains } = reply as { domains: DomainReply[] }
    return { json: domains, text: table(domains.map(row)) }
  },
})

const remove = defineCommand({
  path: ['domain', 'remove'],
  summary: 'Remove a domain that has no users',
  args: [NAME],
  options: {},
  example: 'heliograph domain remove example.com',
  async run({ api, args }) {
    await api.call({ method: 'DELETE', path: path`/api/v1/domains/${args.domain}` })
    return { json: { done: 'removed', target: args.domain }, text: `removed: ${args.domain}` }
  },
})

export const domainCommands: readonly Command[] = [add, list, set, remove]
