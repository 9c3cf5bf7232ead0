/**
 * What a NOTIFY of presence carries: the whole of what the watcher may see as PIDF (RFC 3863), or,
 * for who accepts it, what has changed since the last one that he took (RFC 5263).
 */
import type { PresenceDocument } from '../../core/presence/document.ts'
import { SharedRendering } from '../../core/presence/shared-rendering.ts'
import { renderPidf, renderPresence } from '../../formats/pidf.ts'
import { PIDF_DIFF, renderPidfDiff, renderPidfFull } from '../../formats/pidf-diff.ts'
import { PresenceView } from '../../formats/presence-view.ts'
import type { ComparedState, Rendered, State, Viewing } from './event-package.ts'

/** One rendering for all watchers who see the same document and asked for the same URI. */
const pidf = new SharedRendering<Rendered>('pidf', (document, entity) => {
  const body = Buffer.from(renderPidf(document, entity))
  return { body, state: body }
})

const views = new SharedRendering<ViewState>(
  'pidf-diff',
  (document, entity) => new ViewState(new PresenceView(entity, renderPresence(document))),
)

export function renderForWatcher(
  document: PresenceDocument,
  entity: string,
  viewing: Viewing,
): Rendered {
  if (viewing.contentType !== PIDF_DIFF) return pidf.of(document, entity)
  const state = views.of(document, entity)
  return { body: Buffer.from(partial(state, viewing)), state }
}

/** RFC 5263 §4.4: the first is 1, and full; so is whatever follows a SUBSCRIBE or a failure. */
function partial({ view }: ViewState, { known, version }: Viewing): string {
  return isView(known)
    ? renderPidfDiff(known.view, view, version + 1)
    : renderPidfFull(view, version + 1)
}

/** What a watcher has. */
class ViewState implements ComparedState {
  readonly view: PresenceView

  constructor(view: PresenceView) {
    this.view = view
  }

  get tag(): string {
    return this.view.tag
  }

  equals(other: State): boolean {
    return isView(other) && this.view.equals(other.view)
  }
}

function isView(state: State | undefined): state is ViewState {
  return state instanceof ViewState
}
