/** `heliograph domain …`: the domains that the system serves. */
import { path } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import type { DomainReply } from '../replies.ts'

const NAME = { name: 'domain', doc: 'A domain name.' } as const

const add = defineCommand({
  path: ['domain', 'add'],
  summary: 'Add a domain',
  args: [NAME],
  options: {
    'digest-md5': { doc: 'Offer DIGEST-MD5 to XMPP clients that have nothing better.' },
    'sip-digest': {
      value: 'WHICH',
      doc: 'off, md5, sha-256 or both: how SIP clients may sign in.',
    },
  },
  example: 'heliograph domain add example.com --sip-digest both',
  async run({ api, args, options, switches }) {
    const body = {
      name: args.domain,
      digestMd5: switches.has('digest-md5'),
      sipDigest: options['sip-digest'] ?? 'off',
    }
    const domain = (await api.call({
      method: 'POST',
      path: '/api/v1/domains',
      body,
    })) as DomainReply
    return { json: domain, text: `added ${domain.name}` }
  },
})

const list = defineCommand({
  path: ['domain', 'list'],
  summary: 'List the domains',
  args: [],
  options: {},
  example: 'heliograph domain list',
  async run({ api }) {
    const reply = await api.call({ method: 'GET', path: '/api/v1/domains' })
    const { domains } = reply as { domains: DomainReply[] }
    const rows = domains.map(({ name, digestMd5, sipDigest }) => [
      name,
      `sip-digest ${sipDigest}`,
      digestMd5 ? 'digest-md5' : '',
    ])
    return { json: domains, text: table(rows) }
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

export const domainCommands: readonly Command[] = [add, list, remove]
