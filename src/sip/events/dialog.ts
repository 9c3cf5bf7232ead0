/**
 * The `dialog` event package (RFC 4235): the calls of a user, as his phones and his call server publish
 * them. Watchers learn of them as far as the access rules let them see his phone.
 */
import { type Access, EVERYTHING } from '../../core/presence/access/access.ts'
import {
  DIALOG_INFO,
  type DialogInfo,
  DialogInfoError,
  mergeDialogInfo,
  parseDialogInfo,
  renderDialogInfo,
} from '../../formats/dialog-info.ts'
import { SipError } from '../errors.ts'
import type { ObservedDialog } from './dialogs/dialog-states.ts'
import {
  type DialogDetails,
  DialogView,
  dialogsAsked,
  single,
  viewAsked,
  viewOf,
  withoutOwn,
} from './dialogs/dialog-view.ts'
import {
  defineEventPackage,
  type EventDeps,
  type State,
  type Subject,
  type Viewing,
} from './event-package.ts'

const OWN: Access = { decision: 'allow', visible: EVERYTHING, asks: false }
const EMPTY = new DialogView([])

export const dialogPackage = defineEventPackage({
  event: 'dialog',
  specs: ['RFC 4235'],
  contentTypes: [DIALOG_INFO],
  expires: { min: 60, default: 3600, max: 86_400 }, // §3.4
  minNotifyIntervalMs: 1_000, // §3.10

  /** §3.7.2: who may not see which dialogs there are may not ask for one of them. */
  authorize(deps, subject) {
    const { presentity, watcher, asked } = subject
    const { callId, localTag, remoteTag } = dialogsAsked(asked?.params)
    const isTagged = localTag !== undefined || remoteTag !== undefined
    if (isTagged && callId === undefined) throw new SipError(400, 'Tags Without Call-ID')
    if (watcher.account === presentity) return OWN
    if (callId !== undefined && deps.dialogs.details !== 'all') throw new SipError(403)
    return deps.access.of(presentity, watcher)
  },

  render(deps, subject, viewing) {
    const view = viewFor(deps, subject, viewing)
    const { known, version } = viewing
    const news = known instanceof DialogView && !deps.dialogs.single ? view.since(known) : []
    // §3.3: a document without dialogs is a full one.
    const isPartial = news.length > 0
    const dialogs = isPartial ? news : [...view.live.values()]
    const body = renderDialogInfo({
      version,
      state: isPartial ? 'partial' : 'full',
      entity: subject.entity,
      dialogs: dialogs.map((dialog) => dated(dialog, deps.clock.now())),
    })
    // §3.4: who watches certain dialogs watches no longer than they last.
    const isOver = dialogsAsked(subject.asked?.params).callId !== undefined && hasEnded(view, known)
    return { body: Buffer.from(body), state: view, ...(isOver && { ends: 'noresource' as const }) }
  },

  watch: ({ dialogs }, changed) => dialogs.states.onChange(changed),

  publication: {
    contentTypes: [DIALOG_INFO],

    /** §4.3: a partial document tells what is different from the one before. */
    merge(before, published) {
      const merged = mergeDialogInfo(parse(before.body), parse(published.body))
      return { ...published, body: Buffer.from(renderDialogInfo(merged)) }
    },

    prepare({ dialogs: { states, presence } }, state) {
      const info = parse(state.body)
      return () => {
        states.put(state, info)
        presence.told(state, info)
      }
    },

    withdraw({ dialogs: { states, presence } }, state) {
      states.remove(state)
      presence.ended(state)
    },

    lost: ({ dialogs: { presence } }, state) => presence.lost(state),
  },
})

function hasEnded(view: DialogView, known: State | undefined): boolean {
  return view.live.size === 0 && known instanceof DialogView && known.live.size > 0
}

function viewFor(deps: EventDeps, subject: Subject, { visible }: Viewing): DialogView {
  const { presentity, watcher, asked } = subject
  if (!visible.sees('phone')) return EMPTY
  const all = deps.dialogs.states.of(presentity)
  const isOwn = watcher.account === presentity
  const details: DialogDetails = isOwn ? 'all' : deps.dialogs.details
  const wanted = dialogsAsked(asked?.params)
  const dialogs = wanted.callId === undefined ? withoutOwn(all, subject.target) : all
  const isSpecial = details === 'all' && (wanted.callId !== undefined || wanted.sessions)
  const sessions = wanted.sessions && isOwn
  const view = isSpecial ? viewAsked(dialogs, { ...wanted, sessions }) : viewOf(dialogs, details)
  return deps.dialogs.single ? single(view) : view
}

/** §4.1.3: for how long it has lasted now, where its publisher said it then. */
function dated({ element, toldAt }: ObservedDialog, now: number) {
  const { duration } = element
  if (duration === undefined) return element
  return { ...element, duration: duration + Math.max(0, Math.round((now - toldAt) / 1000)) }
}

function parse(body: Buffer): DialogInfo {
  try {
    return parseDialogInfo(body)
  } catch (error) {
    if (!(error instanceof DialogInfoError)) throw error
    throw new SipError(error.kind === 'too-large' ? 413 : 400, 'Bad Dialog Information')
  }
}
