import { boolean, list, requiredHost } from '../option.ts'
import { records } from '../records.ts'

export const sipApplicationsOption = records(
  {
    name: requiredHost({ doc: 'What it is called: most often the name in its certificate.' }),
    peers: list('peer', {
      default: [],
      max: 32,
      doc: 'How it is known: names of which its client certificate must prove one (mutual TLS, with `tls.clientCa`), or addresses and networks. Where there are none, its certificate must prove `name`.',
    }),
    watch: boolean({ default: true, doc: 'Whether it may watch users on behalf of users.' }),
    publish: boolean({ default: false, doc: 'Whether it may publish the presence of users.' }),
    decide: boolean({
      default: false,
      doc: 'Whether it may tell who watches users, and decide for them who may.',
    }),
    domains: list('domain', {
      default: [],
      max: 100,
      doc: 'Whose users it may act for; those of all domains, where it is empty.',
    }),
    tls: boolean({ default: true, doc: 'Whether it is known over TLS alone.' }),
  },
  {
    doc: 'Application servers, which watch many users on behalf of many users by one subscription, and may publish and decide for them, without knowing their passwords.',
    item: 'application server',
    max: 100,
    required: ['name'],
  },
)
