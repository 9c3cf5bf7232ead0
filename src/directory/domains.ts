/** The domains, all in memory: every stanza and request asks whether its domain is ours. */
import { type BareJid, domainOf } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import { flag } from '../storage/schema/columns.ts'
import type { DomainsTable } from '../storage/schema/domains.ts'
import { deleteDigestHashes } from '../storage/stores/credentials.ts'
import { deleteDomain, insertDomain, listDomains, updateDomain } from '../storage/stores/domains.ts'
import type { Clock } from '../util/clock.ts'
import { compareText } from '../util/compare-text.ts'
import type { DigestAlgorithm, DigestKind } from './digest.ts'
import {
  COMPOSITION_TABLES,
  type CompositionTable,
  DEFAULT_DOMAIN_SETTINGS,
  type Domain,
  type DomainSettings,
  SIP_DIGESTS,
  type SipDigest,
} from './domain.ts'
import { DirectoryError } from './errors.ts'

interface DomainsDeps {
  database: Database
  clock: Clock
}

export class Domains {
  readonly #database: Database
  readonly #clock: Clock
  readonly #byName = new Map<string, Domain>()
  #sorted: readonly Domain[] = []

  static async load(deps: DomainsDeps): Promise<Domains> {
    const rows = await listDomains(deps.database.kysely)
    return new Domains(deps, rows.map(parseDomain))
  }

  constructor({ database, clock }: DomainsDeps, domains: readonly Domain[]) {
    this.#database = database
    this.#clock = clock
    for (const domain of domains) this.#byName.set(domain.name, domain)
    this.#sort()
  }

  get(name: string): Domain | undefined {
    return this.#byName.get(name)
  }

  all(): readonly Domain[] {
    return this.#sorted
  }

  /** Throws `DirectoryError` `NO_SUCH_DOMAIN`. */
  ofAccount(account: BareJid): Domain {
    return this.#require(domainOf(account))
  }

  async add(name: string, settings: Partial<DomainSettings>): Promise<Domain> {
    const domain = { ...DEFAULT_DOMAIN_SETTINGS, ...settings, name, createdAt: this.#clock.now() }
    if (!(await insertDomain(this.#database.kysely, serializeDomain(domain)))) {
      throw new DirectoryError('DOMAIN_EXISTS', `the domain ${name} exists already`)
    }
    this.#set(domain)
    return domain
  }

  async update(name: string, settings: Partial<DomainSettings>): Promise<Domain> {
    const before = this.#require(name)
    const after = { ...before, ...settings }
    await this.#database.transaction(async (trx) => {
      const { digest_md5, sip_digest, composition } = serializeDomain(after)
      await updateDomain(trx, name, { digest_md5, sip_digest, composition })
      for (const hash of unwanted(after)) await deleteDigestHashes(trx, name, hash)
    })
    this.#set(after)
    return after
  }

  async remove(name: string): Promise<void> {
    this.#require(name)
    if (!(await this.#database.transaction((trx) => deleteDomain(trx, name)))) {
      throw new DirectoryError('DOMAIN_NOT_EMPTY', `the domain ${name} still has users`)
    }
    this.#byName.delete(name)
    this.#sort()
  }

  #require(name: string): Domain {
    const domain = this.#byName.get(name)
    if (domain) return domain
    throw new DirectoryError('NO_SUCH_DOMAIN', `${name} is not a domain of this system`)
  }

  #set(domain: Domain): void {
    this.#byName.set(domain.name, domain)
    this.#sort()
  }

  #sort(): void {
    this.#sorted = [...this.#byName.values()].sort((a, b) => compareText(a.name, b.name))
  }
}

/** Hashes that a domain with these settings does not keep. */
function unwanted({
  digestMd5,
  sipDigest,
}: DomainSettings): { kind: DigestKind; algorithm: DigestAlgorithm }[] {
  const hashes: ReturnType<typeof unwanted> = digestMd5 ? [] : [{ kind: 'xmpp', algorithm: 'MD5' }]
  for (const kind of ['sip', 'sip-address'] as const) {
    if (sipDigest === 'off' || sipDigest === 'sha-256') hashes.push({ kind, algorithm: 'MD5' })
    if (sipDigest === 'off' || sipDigest === 'md5') hashes.push({ kind, algorithm: 'SHA-256' })
  }
  return hashes
}

function parseDomain(row: DomainsTable): Domain {
  return {
    name: row.name,
    digestMd5: row.digest_md5 === 1,
    sipDigest: isSipDigest(row.sip_digest) ? row.sip_digest : 'off',
    composition: isCompositionTable(row.composition) ? row.composition : 'enterprise',
    createdAt: row.created_at,
  }
}

function serializeDomain(domain: Domain): DomainsTable {
  const { name, digestMd5, sipDigest, composition, createdAt } = domain
  return {
    name,
    digest_md5: flag(digestMd5),
    sip_digest: sipDigest,
    composition,
    created_at: createdAt,
  }
}

function isCompositionTable(text: string): text is CompositionTable {
  return COMPOSITION_TABLES.some((known) => known === text)
}

function isSipDigest(text: string): text is SipDigest {
  return SIP_DIGESTS.some((known) => known === text)
}
