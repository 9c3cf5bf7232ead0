/**
 * The dialogs of users, as phones and call servers publish them (RFC 4235 §3.11): several publishers
 * of one user make one list, and a dialog that two of them tell of is one.
 */
import type { BareJid } from '../../../core/address.ts'
import { type DialogElement, type DialogInfo, renderDialog } from '../../../formats/dialog-info.ts'
import type { PublishedState } from '../event-package.ts'

export interface ObservedDialog {
  /** With an id that is unique among all dialogs of the user. */
  readonly element: DialogElement
  /** Milliseconds since the epoch; from then on `element.duration` grows. */
  readonly toldAt: number
}

/** The list of a user stays the same object until something changes. */
export type ObservedDialogs = readonly ObservedDialog[]

const NO_DIALOGS: ObservedDialogs = []

interface Publisher {
  readonly dialogs: ObservedDialogs
  /** From the publisher's ids to ours. */
  readonly ids: ReadonlyMap<string, string>
}

interface Home {
  readonly publishers: Map<string, Publisher>
  /** Of all publishers; `undefined` where something has changed. */
  composed: ObservedDialogs | undefined
}

export class DialogStates {
  readonly #homes = new Map<BareJid, Home>()
  readonly #listeners = new Set<(presentity: BareJid) => void>()

  onChange(listener: (presentity: BareJid) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  of(presentity: BareJid): ObservedDialogs {
    const home = this.#homes.get(presentity)
    if (!home) return NO_DIALOGS
    home.composed ??= compose([...home.publishers.values()])
    return home.composed
  }

  /** Replaces all that this publication has said. */
  put({ id, presentity, publishedAt }: PublishedState, { dialogs }: DialogInfo): void {
    const home = this.#homes.get(presentity) ?? { publishers: new Map(), composed: undefined }
    const ids = allot(home, id, dialogs)
    const observed = dialogs.map((dialog) => ({
      element: { ...dialog, id: ids.get(dialog.id) ?? dialog.id },
      toldAt: publishedAt,
    }))
    home.publishers.set(id, { dialogs: observed, ids })
    home.composed = undefined
    this.#homes.set(presentity, home)
    this.#tell(presentity)
  }

  remove({ id, presentity }: PublishedState): void {
    const home = this.#homes.get(presentity)
    if (!home?.publishers.delete(id)) return
    home.composed = undefined
    if (home.publishers.size === 0) this.#homes.delete(presentity)
    this.#tell(presentity)
  }

  #tell(presentity: BareJid): void {
    for (const listener of this.#listeners) listener(presentity)
  }
}

/** §4.1.1: unique among all dialogs of the user. Ids stay what the publisher called them, where that is possible. */
function allot(
  { publishers }: Home,
  publication: string,
  dialogs: readonly DialogElement[],
): ReadonlyMap<string, string> {
  const known = publishers.get(publication)?.ids
  const taken = new Set<string>()
  for (const [other, { ids }] of publishers) {
    if (other !== publication) for (const id of ids.values()) taken.add(id)
  }
  return new Map(
    dialogs.map(({ id }) => [id, known?.get(id) ?? (taken.has(id) ? `${id}.${publication}` : id)]),
  )
}

function compose(publishers: readonly Publisher[]): ObservedDialogs {
  const composed: ObservedDialog[] = []
  for (const { dialogs } of publishers) {
    const others = composed.length
    for (const dialog of dialogs) {
      const at = composed.findIndex((one, index) => index < others && isSame(one, dialog))
      const same = composed[at]
      if (same) composed[at] = newest(same, dialog)
      else composed.push(dialog)
    }
  }
  return composed
}

/** A phone and its call server tell of the same dialog, one of them perhaps before the other side has answered. */
function isSame({ element: a }: ObservedDialog, { element: b }: ObservedDialog): boolean {
  if (a.callId === undefined || a.localTag === undefined) return false
  if (a.callId !== b.callId || a.localTag !== b.localTag) return false
  return a.remoteTag === undefined || b.remoteTag === undefined || a.remoteTag === b.remoteTag
}

/** The latest word counts; the name that it was told by first stays. */
function newest(one: ObservedDialog, other: ObservedDialog): ObservedDialog {
  const latest = other.toldAt >= one.toldAt ? other : one
  return { ...latest, element: { ...latest.element, id: one.element.id } }
}

const signatures = new WeakMap<DialogElement, string>()

/** All that is told of a dialog but for how long it has lasted: equal for dialogs of which there is no news. */
export function signatureOf(element: DialogElement): string {
  let signature = signatures.get(element)
  if (signature === undefined) {
    signature = renderDialog({ ...element, duration: undefined })
    signatures.set(element, signature)
  }
  return signature
}
