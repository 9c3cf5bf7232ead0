/**
 * The `presence` event package (RFC 3856): one presentity's state as PIDF (RFC 3863), with the
 * data model (RFC 4479) and rich presence (RFC 4480); the same documents published (RFC 3903 §12).
 */

import type { SourceClass } from '../../core/presence/observation.ts'
import { SharedRendering } from '../../core/presence/shared-rendering.ts'
import {
  PIDF,
  PidfError,
  parsePidf,
  renderPidf,
  type Timeline,
  timelineFromPidf,
} from '../../formats/pidf.ts'
import { SipError } from '../errors.ts'
import { defineEventPackage, type PublishedState, type Rendered } from './event-package.ts'

/** One rendering for all watchers who see the same document and asked for the same URI. */
const pidf = new SharedRendering<Rendered>('pidf', (document, entity) => {
  const body = Buffer.from(renderPidf(document, entity))
  return { body, state: body }
})

export const presencePackage = defineEventPackage({
  event: 'presence',
  specs: ['RFC 3856', 'RFC 3863', 'RFC 4479', 'RFC 4480', 'RFC 4481', 'RFC 4482', 'RFC 5196'],
  contentTypes: [PIDF],
  expires: { min: 60, default: 3600, max: 86_400 }, // RFC 3856 §6.4
  minNotifyIntervalMs: 5_000, // RFC 3856 §6.10

  authorize: ({ access }, { presentity, watcher }) => access.of(presentity, watcher),

  /** RFC 3856 §6.6.2: who is pending or blocked gets what an offline person's watchers get. */
  render: ({ presence }, { presentity, entity }, { visible }) =>
    pidf.of(presence.view(presentity, visible).document, entity),

  watch: ({ presence }, changed) =>
    presence.subscribe({
      name: 'sip',
      presenceChanged: ({ presentity }) => changed(presentity),
    }),

  publication: {
    contentTypes: [PIDF],
    isPresence: true,

    prepare({ presence, access }, state) {
      const timeline = parse(state, access.classes)
      const { presentity, expiresAt } = state
      return () =>
        presence.report({ presentity, source: sourceOf(state), ...timeline, until: expiresAt })
    },

    withdraw: ({ presence }, state) => presence.withdraw(state.presentity, sourceOf(state)),
    lost: ({ presence }, state) => presence.lost(state.presentity, sourceOf(state)),
  },
})

function sourceOf({ id }: PublishedState): string {
  return `sip/${id}`
}

/** A phone says what it knows of its calls: what names no class of ours is one. */
function parse(
  { body, publishedAt: now }: PublishedState,
  addedClasses: readonly SourceClass[],
): Timeline {
  try {
    return timelineFromPidf(parsePidf(body), { defaultClass: 'phone', addedClasses, now })
  } catch (error) {
    if (!(error instanceof PidfError)) throw error
    throw new SipError(error.kind === 'too-large' ? 413 : 400, 'Bad Presence Document')
  }
}
