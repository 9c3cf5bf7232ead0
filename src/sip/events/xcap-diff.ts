/** The `xcap-diff` event package (RFC 5875): a user's clients learn when his documents change, and how (RFC 5874). */
import type { BareJid } from '../../core/address.ts'
import { type Access, EVERYTHING } from '../../core/presence/access/access.ts'
import {
  type ListMember,
  parseResourceLists,
  RESOURCE_LISTS,
  ResourceListsError,
} from '../../formats/resource-lists.ts'
import {
  DIFF_PROCESSINGS,
  type DiffProcessing,
  XCAP_DIFF,
  XcapDiffState,
} from '../../formats/xcap-diff.ts'
import { SipError } from '../errors.ts'
import type { Asked } from './asked.ts'
import { defineEventPackage } from './event-package.ts'
import { SubscribeBody } from './subscribe-body.ts'

/** Whoever keeps the documents. */
export interface XcapDiffSource {
  /** All that the URIs select, or what is different from what is known. */
  render(
    account: BareJid,
    wish: { readonly uris: readonly string[]; readonly processing: DiffProcessing },
    known: XcapDiffState | undefined,
  ): Promise<{ readonly body: string; readonly state: XcapDiffState }>
  /** Called when documents of a user may have changed. */
  onChange(listener: (account: BareJid) => void): Disposable
}

const OWN: Access = { decision: 'allow', visible: EVERYTHING, asks: false }
/** Each is looked up for every NOTIFY. */
const MAX_URIS = 100

const uriList = new SubscribeBody<readonly string[]>({ contentType: RESOURCE_LISTS }, readUris)

export const xcapDiffPackage = defineEventPackage({
  event: 'xcap-diff',
  specs: ['RFC 5875', 'RFC 5874', 'RFC 5261'],
  contentTypes: [XCAP_DIFF],
  expires: { min: 60, default: 3600, max: 86_400 }, // RFC 5875 §4.5
  minNotifyIntervalMs: 5_000, // §4.10
  bodies: [uriList],

  /** §7: as over XCAP, documents are their owner's. */
  authorize({ xcapDiffs }, { presentity, watcher }) {
    if (!xcapDiffs || watcher.account !== presentity) throw new SipError(403, 'Not Your Documents')
    return OWN
  },

  async render({ xcapDiffs }, { presentity, asked }, { known }) {
    if (!xcapDiffs) throw new Error('nobody keeps documents')
    const wish = { uris: uriList.of(asked) ?? [], processing: processingOf(asked) }
    const before = known instanceof XcapDiffState ? known : undefined
    const { body, state } = await xcapDiffs.render(presentity, wish, before)
    return { body: Buffer.from(body), state }
  },

  watch: ({ xcapDiffs }, changed) => xcapDiffs?.onChange(changed) ?? { [Symbol.dispose]() {} },
})

/** §4.3: what is not known is the simplest. */
function processingOf(asked: Asked | undefined): DiffProcessing {
  const wanted = asked?.params.get('diff-processing')?.toLowerCase()
  return DIFF_PROCESSINGS.find((one) => one === wanted) ?? 'no-patching'
}

/** §4.4: a flat list; what is in it besides means nothing. Throws `SipError` 400, 413. */
function readUris(content: Buffer): string[] {
  try {
    const uris = parseResourceLists(content).flatMap(({ members }) => members.flatMap(uriOf))
    if (uris.length > MAX_URIS) throw new SipError(413, 'Too Many Documents')
    return uris
  } catch (error) {
    if (!(error instanceof ResourceListsError)) throw error
    throw new SipError(error.kind === 'too-large' ? 413 : 400, 'Bad Resource List')
  }
}

function uriOf(member: ListMember): string[] {
  return member.kind === 'entry' ? [member.uri] : []
}
