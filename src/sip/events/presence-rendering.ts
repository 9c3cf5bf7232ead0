/**
 * What a NOTIFY of presence carries: the whole of what the watcher may see as PIDF (RFC 3863), or,
 * for who accepts it, what has changed since the last one that he took (RFC 5263); of either, what his
 * filter leaves (RFC 4660).
 */
import type { Visibility } from '../../core/presence/access/access.ts'
import type { PresenceDocument } from '../../core/presence/document.ts'
import { SharedRendering } from '../../core/presence/shared-rendering.ts'
import { filtered, isTriggered } from '../../formats/filter/apply-filter.ts'
import type { Filter } from '../../formats/filter/filter-model.ts'
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

/** `filter` is the watcher's for this resource. */
export function renderForWatcher(
  document: PresenceDocument,
  { entity, filter }: { entity: string; filter: Filter | undefined },
  viewing: Viewing,
): Rendered {
  if (filter)
    return rendered(filteredState(views.of(document, entity).view, filter, viewing), viewing)
  if (viewing.contentType === PIDF_DIFF) return rendered(views.of(document, entity), viewing)
  return pidf.of(document, entity)
}

const NOTHING_LEFT = Buffer.alloc(0)

/** RFC 4660 §5.3.1: what leaves nothing is told as nothing. */
function rendered(state: ViewState, { contentType, known, version }: Viewing): Rendered {
  const { view } = state
  if (view.isEmpty) return { body: NOTHING_LEFT, state }
  const text = contentType === PIDF_DIFF ? partial(view, known, version + 1) : view.pidf()
  return { body: Buffer.from(text), state }
}

/** RFC 5263 §4.4: the first is 1, and full; so is whatever follows a SUBSCRIBE or a failure. */
function partial(view: PresenceView, known: State | undefined, version: number): string {
  return known instanceof ViewState && !known.view.isEmpty
    ? renderPidfDiff(known.view, view, version)
    : renderPidfFull(view, version)
}

/** What a watcher has. */
class ViewState implements ComparedState {
  readonly view: PresenceView
  readonly #filtering: Filtering | undefined

  constructor(view: PresenceView, filtering?: Filtering) {
    this.view = view
    this.#filtering = filtering
  }

  get tag(): string {
    return this.view.tag
  }

  /** Before the filter. */
  get whole(): PresenceView {
    return this.#filtering?.whole ?? this.view
  }

  /** RFC 4660 §5.3.2: of what makes no difference that he wants to be told of, the watcher has what he had. */
  isStillGood(filter: Filter, whole: PresenceView, visible: Visibility): boolean {
    const { triggers } = filter
    if (triggers.length === 0 || this.#filtering?.visible !== visible) return false
    return !isTriggered(triggers, this.whole.tree, whole.tree)
  }

  equals(other: State): boolean {
    if (!(other instanceof ViewState)) return false
    // Who wants to be told of a change is told, even if what he wants to have is the same.
    return this.#filtering?.byTrigger
      ? this.whole.equals(other.whole)
      : this.view.equals(other.view)
  }
}

interface Filtering {
  readonly whole: PresenceView
  readonly byTrigger: boolean
  /** As it was then: a new decision is told, whatever a filter says. */
  readonly visible: Visibility
}

const made = new WeakMap<PresenceView, WeakMap<Filter, ViewState>>()

function filteredState(
  whole: PresenceView,
  filter: Filter,
  { known, visible }: Viewing,
): ViewState {
  if (known instanceof ViewState && known.isStillGood(filter, whole, visible)) return known
  const ofWhole = made.get(whole) ?? new WeakMap<Filter, ViewState>()
  made.set(whole, ofWhole)
  let state = ofWhole.get(filter)
  if (!state) {
    const { what, triggers } = filter
    const view = what ? PresenceView.ofTree(whole.entity, filtered(whole.tree, what)) : whole
    state = new ViewState(view, { whole, byTrigger: triggers.length > 0, visible })
    ofWhole.set(filter, state)
  }
  return state
}
