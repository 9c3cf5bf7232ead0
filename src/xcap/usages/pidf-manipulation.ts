/**
 * Presence without an expiry (RFC 4827): what a person is when none of his clients and phones says
 * anything. It is a source as any other is, and the last one that is asked.
 */
import type { SourceClass } from '../../core/presence/observation.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import { PIDF, PidfError, parsePidf, timelineFromPidf } from '../../formats/pidf.ts'
import { NS_PIDF } from '../../formats/pidf-model.ts'
import { type ApplicationUsage, defineUsage, type StoredDocument } from '../application-usage.ts'
import { requireRoot } from '../schema.ts'
import { conflict } from '../xcap-refusal.ts'

export interface PidfManipulationDeps {
  readonly presence: PresenceService
  readonly access: { readonly classes: readonly SourceClass[] }
}

export const HARD_STATE_SOURCE = 'xcap/pidf-manipulation'

export function pidfManipulation(deps: PidfManipulationDeps): ApplicationUsage {
  return defineUsage({
    auid: 'pidf-manipulation',
    specs: ['RFC 4827', 'RFC 3863'],
    mimeType: PIDF,
    defaultNs: NS_PIDF,
    namespaces: [NS_PIDF],
    // RFC 4827 §9
    allows: (name) => name === 'index',
    check({ root, text }) {
      requireRoot(root, 'presence', NS_PIDF)
      requirePidf(text)
    },
    stored: (document) => report(deps, document),
  })
}

/** Throws `Conflict`. */
function requirePidf(text: string): void {
  try {
    parsePidf(text)
  } catch (error) {
    if (!(error instanceof PidfError)) throw error
    throw conflict('schema-validation-error', error.message)
  }
}

function report({ presence, access }: PidfManipulationDeps, document: StoredDocument): void {
  const { account: presentity, text, updatedAt: now } = document
  const source = HARD_STATE_SOURCE
  if (text === undefined) {
    presence.withdraw(presentity, source)
    return
  }
  const addedClasses = access.classes
  const timeline = timelineFromPidf(parsePidf(text), {
    ...{ defaultClass: 'application', addedClasses, now },
  })
  presence.report({ presentity, source, ...timeline, until: undefined, isHardState: true })
}
