/**
 * What one watcher sees of somebody's dialogs (RFC 4235 §3.6, §3.7.2): the user himself everything, others
 * whether he has a call, or more where the operator allows it. A view is also what the watcher is known
 * to have been told, so that the next document tells the difference.
 */
import type { DialogElement, DialogState } from '../../../formats/dialog-info.ts'
import { parseSipUri, type SipUri, urisEqual } from '../../message/uri.ts'
import type { Params } from '../../message/values.ts'
import type { ComparedState, State } from '../event-package.ts'
import { type ObservedDialog, type ObservedDialogs, signatureOf } from './dialog-states.ts'

/** What watchers see who are not the user himself: that there is a call, in which state it is, or all of it. */
export type DialogDetails = 'busy' | 'state' | 'all'

export interface DialogsAsked {
  readonly callId: string | undefined
  /** Of the observed user (§3.2). */
  readonly localTag: string | undefined
  readonly remoteTag: string | undefined
  readonly sessions: boolean
}

export const NOTHING_ASKED: DialogsAsked = {
  callId: undefined,
  localTag: undefined,
  remoteTag: undefined,
  sessions: false,
}

/** §3.2: `to-tag` is held against the local tag, `from-tag` against the remote one. */
export function dialogsAsked(params: Params | undefined): DialogsAsked {
  if (!params) return NOTHING_ASKED
  return {
    callId: params.get('call-id'),
    localTag: params.get('to-tag'),
    remoteTag: params.get('from-tag'),
    sessions: params.has('include-session-description'),
  }
}

/** The dialogs that go on, by id. */
export class DialogView implements ComparedState {
  readonly live: ReadonlyMap<string, ObservedDialog>
  readonly #ended: ReadonlyMap<string, ObservedDialog>

  constructor(dialogs: ObservedDialogs) {
    this.live = byId(dialogs.filter(({ element }) => element.state !== 'terminated'))
    this.#ended = byId(dialogs.filter(({ element }) => element.state === 'terminated'))
  }

  get tag(): string {
    return [...this.live.values()].map(({ element }) => signatureOf(element)).join('\n')
  }

  equals(other: State): boolean {
    if (!(other instanceof DialogView) || other.live.size !== this.live.size) return false
    for (const [id, dialog] of this.live) {
      const known = other.live.get(id)
      if (!known || isNews(known, dialog)) return false
    }
    return true
  }

  /** What is to be told to one who knows `known`: what is new or different, and what has ended since. */
  since(known: DialogView): readonly ObservedDialog[] {
    const news = [...this.live].filter(([id, dialog]) => {
      const before = known.live.get(id)
      return !before || isNews(before, dialog)
    })
    const ended = [...known.live]
      .filter(([id]) => !this.live.has(id))
      .map(([id, before]) => this.#ended.get(id) ?? terminated(before))
    return [...news.map(([, dialog]) => dialog), ...ended]
  }
}

const EVERYTHING_ELSE = new WeakMap<ObservedDialogs, Map<DialogDetails, DialogView>>()

/** One view for all watchers who see the same. */
export function viewOf(dialogs: ObservedDialogs, details: DialogDetails): DialogView {
  let byDetails = EVERYTHING_ELSE.get(dialogs)
  if (!byDetails) {
    byDetails = new Map()
    EVERYTHING_ELSE.set(dialogs, byDetails)
  }
  let view = byDetails.get(details)
  if (!view) {
    view = new DialogView(
      details === 'all' ? dialogs.map(withoutSessions) : virtual(dialogs, details),
    )
    byDetails.set(details, view)
  }
  return view
}

/** What the user himself asked for in particular, which nobody shares with him. */
export function viewAsked(dialogs: ObservedDialogs, asked: DialogsAsked): DialogView {
  const wanted = dialogs.filter(({ element }) => isAsked(element, asked))
  return new DialogView(asked.sessions ? wanted : wanted.map(withoutSessions))
}

/** §3.3: who is a party to a dialog knows of it. The same object where he is party to none. */
export function withoutOwn(dialogs: ObservedDialogs, target: string | undefined): ObservedDialogs {
  const own = target === undefined ? undefined : parseSipUri(target)
  if (!own || !dialogs.some((dialog) => isWith(dialog, own))) return dialogs
  return dialogs.filter((dialog) => !isWith(dialog, own))
}

function isWith({ element: { remote } }: ObservedDialog, target: SipUri): boolean {
  const uri = remote?.target && parseSipUri(remote.target.uri)
  return uri !== undefined && urisEqual(uri, target)
}

/** The foremost dialog alone, for phones that cannot bear several. */
export function single({ live }: DialogView): DialogView {
  const foremost = foremostOf([...live.values()])
  return new DialogView(foremost ? [foremost] : [])
}

const STATES: readonly DialogState[] = ['confirmed', 'early', 'proceeding', 'trying']

function foremostOf(dialogs: ObservedDialogs): ObservedDialog | undefined {
  for (const state of STATES) {
    const found = dialogs.find(({ element }) => element.state === state)
    if (found) return found
  }
  return undefined
}

const VIRTUAL_ID = 'call'

/** §3.7.2: one dialog that stands for all, without anything that would identify them. */
function virtual(dialogs: ObservedDialogs, details: DialogDetails): ObservedDialogs {
  const foremost = foremostOf(dialogs)
  if (!foremost) return []
  const state = details === 'busy' ? 'confirmed' : foremost.element.state
  return [{ element: { id: VIRTUAL_ID, state }, toldAt: foremost.toldAt }]
}

function isAsked(element: DialogElement, { callId, localTag, remoteTag }: DialogsAsked): boolean {
  if (callId !== undefined && element.callId !== callId) return false
  if (localTag !== undefined && element.localTag !== localTag) return false
  return remoteTag === undefined || element.remoteTag === remoteTag
}

/** §4.1.6.3: only to whoever asked for them, and may see them. */
function withoutSessions(dialog: ObservedDialog): ObservedDialog {
  const { element, toldAt } = dialog
  const { local, remote } = element
  if (!local?.sessionDescription && !remote?.sessionDescription) return dialog
  return {
    element: {
      ...element,
      local: local && { ...local, sessionDescription: undefined },
      remote: remote && { ...remote, sessionDescription: undefined },
    },
    toldAt,
  }
}

function isNews(before: ObservedDialog, { element }: ObservedDialog): boolean {
  return before.element !== element && signatureOf(before.element) !== signatureOf(element)
}

/** Its publisher is gone, or tells of it no more: all that is known is that it is over. */
function terminated({ element, toldAt }: ObservedDialog): ObservedDialog {
  const { id, callId, localTag, remoteTag, direction } = element
  return { element: { id, callId, localTag, remoteTag, direction, state: 'terminated' }, toldAt }
}

function byId(dialogs: ObservedDialogs): ReadonlyMap<string, ObservedDialog> {
  return new Map(dialogs.map((dialog) => [dialog.element.id, dialog]))
}
