/**
 * Presence published (RFC 3903 §12): whole documents (PIDF, RFC 3863), and what has changed in them
 * since (RFC 5264). Kept is the document as it is, whichever way it came.
 */
import type { SourceClass } from '../../core/presence/observation.ts'
import {
  PIDF,
  type PidfDocument,
  PidfError,
  parsePidf,
  readPidf,
  type Timeline,
  timelineFromPidf,
} from '../../formats/pidf.ts'
import { PIDF_DIFF, parsePidfDiff } from '../../formats/pidf-diff.ts'
import { PIDF_LIMITS } from '../../formats/pidf-parser.ts'
import { parseDocument } from '../../xml/document.ts'
import type { Element } from '../../xml/element.ts'
import { applyPatch } from '../../xml/patch/apply-patch.ts'
import { PATCH_OPS_ERROR, PatchError, renderPatchError } from '../../xml/patch/patch-error.ts'
import { SipError } from '../errors.ts'
import type { NewState, PublicationSupport, PublishedState } from './event-package.ts'

export const presencePublication: PublicationSupport = {
  contentTypes: [PIDF, PIDF_DIFF],
  isPresence: true,

  /** RFC 5264 §4.3.2: the operations are applied to what is published, all or none of them. */
  merge: (before, published) => answering(() => merged(before, published)),

  prepare({ presence, access }, state) {
    const timeline = answering(() => timelineOf(state, access.classes))
    const { presentity, expiresAt } = state
    return () =>
      presence.report({ presentity, source: sourceOf(state), ...timeline, until: expiresAt })
  },

  withdraw: ({ presence }, state) => presence.withdraw(state.presentity, sourceOf(state)),
  lost: ({ presence }, state) => presence.lost(state.presentity, sourceOf(state)),
}

function sourceOf({ id }: PublishedState): string {
  return `sip/${id}`
}

function merged(before: PublishedState, published: NewState): NewState {
  if (published.contentType !== PIDF_DIFF) return published
  const partial = parsePidfDiff(published.body)
  const presence =
    partial.kind === 'full' ? partial.presence : applyPatch(presenceOf(before), partial.operations)
  return { contentType: PIDF, body: Buffer.from(presence.toString()) }
}

function presenceOf({ contentType, body }: NewState): Element {
  if (contentType !== PIDF_DIFF) return parseDocument(body, PIDF_LIMITS)
  const partial = parsePidfDiff(body)
  if (partial.kind === 'full') return partial.presence
  // §4.3.2: an initial publication is whole.
  throw new SipError(400, 'Invalid Partial Publication')
}

/** A phone says what it knows of its calls: what names no class of ours is one. */
function timelineOf(state: PublishedState, addedClasses: readonly SourceClass[]): Timeline {
  return timelineFromPidf(documentOf(state), {
    defaultClass: 'phone',
    addedClasses,
    now: state.publishedAt,
  })
}

function documentOf(state: PublishedState): PidfDocument {
  return state.contentType === PIDF_DIFF ? readPidf(presenceOf(state)) : parsePidf(state.body)
}

/** RFC 5264 §4.3.2: a patch that fails is answered with why (RFC 5261 §5.1). */
function answering<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof PatchError) {
      const body = { contentType: PATCH_OPS_ERROR, content: renderPatchError(error) }
      throw new SipError(400, 'Bad Patch', [], body)
    }
    if (!(error instanceof PidfError)) throw error
    throw new SipError(error.kind === 'too-large' ? 413 : 400, 'Bad Presence Document')
  }
}
