/**
 * Status icons (OMA-TS-Presence_SIMPLE_Content_XDM §5): a picture within a document, which its owner
 * writes and every user may read. Whoever knows its address can have the picture itself.
 */
import { createHash } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { type ApplicationUsage, defineUsage, type StoredDocument } from '../application-usage.ts'
import { childrenOf, invalid, requireRoot } from '../schema.ts'
import { conflict } from '../xcap-refusal.ts'

export const PRES_CONTENT = 'org.openmobilealliance.pres-content'
export const STATUS_ICON = 'oma_status-icon/index'
const NS_PRES_CONTENT = 'urn:oma:xml:prs:pres-content'

/** Pictures that browsers show and that run nothing. */
const TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/bmp', 'image/webp'])
const MAX_BYTES = 262_144

export interface Icon {
  readonly mimeType: string
  readonly data: Buffer
}

export interface PresContentDeps {
  readonly icons: { set(document: StoredDocument): void }
}

export function presContent({ icons }: PresContentDeps): ApplicationUsage {
  return defineUsage({
    auid: PRES_CONTENT,
    specs: [],
    mimeType: 'application/vnd.oma.pres-content+xml',
    defaultNs: NS_PRES_CONTENT,
    namespaces: [NS_PRES_CONTENT],
    isReadByAll: true,
    allows: (name) => name === STATUS_ICON,
    check: ({ root }) => void readIcon(root),
    claims: ({ account, text }) => [
      { value: iconId(account, text), field: 'content', alternatives: [] },
    ],
    stored: (document) => icons.set(document),
  })
}

/** Throws `Conflict`. */
export function readIcon(root: Element): Icon {
  requireRoot(root, 'content', NS_PRES_CONTENT)
  const children = childrenOf(root, { names: ['mime-type', 'encoding', 'description', 'data'] })
  const textOf = (name: string) =>
    children
      .find((child) => child.name === name)
      ?.text()
      .trim()
  const [mimeType, encoding, data] = [textOf('mime-type'), textOf('encoding'), textOf('data')]
  if (data === undefined) throw invalid('<content> has no <data>')
  if (mimeType === undefined || !TYPES.has(mimeType.toLowerCase())) {
    throw conflict('constraint-failure', `<mime-type> is one of ${[...TYPES].join(', ')}`)
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'base64') {
    throw conflict('constraint-failure', '<encoding> is base64')
  }
  const bytes = Buffer.from(data, 'base64')
  if (bytes.length === 0 || bytes.length > MAX_BYTES) {
    throw conflict('constraint-failure', `a picture has up to ${MAX_BYTES} bytes`)
  }
  return { mimeType: mimeType.toLowerCase(), data: bytes }
}

/** Another one for each picture of each user. */
export function iconId(account: BareJid, text: string): string {
  return createHash('sha256').update(`${account}\n${text}`).digest('base64url').slice(0, 32)
}
