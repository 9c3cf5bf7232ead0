/** What each watcher sees of each presentity: the latest of what the server told. */
import { type PidfDocument, parsePidf } from '../../src/formats/pidf.ts'

/** `unknown` before the server has said anything, and while there is no connection. */
export type ViewState = 'unknown' | 'active' | 'pending' | 'terminated'

export interface View {
  readonly watcher: string
  readonly presentity: string
  readonly state: ViewState
  /** Of a terminated one (RFC 6665 §4.1.3): `rejected`, `noresource`. */
  readonly reason: string | undefined
  /** Of an active one. While there is no connection: the last that was seen. */
  readonly presence: PidfDocument | undefined
}

export type Change = Omit<View, 'watcher' | 'presentity'>

/** Watchers who see the same get the same document, read once. */
const read = new WeakMap<Buffer, PidfDocument>()

/** Throws `PidfError`. */
export function presenceIn(body: Buffer): PidfDocument {
  let document = read.get(body)
  if (!document) {
    document = parsePidf(body)
    read.set(body, document)
  }
  return document
}

export function viewKey(watcher: string, presentity: string): string {
  return `${watcher}\n${presentity}`
}

export class Views {
  readonly #views = new Map<string, View>()
  readonly #listeners = new Set<(view: View) => void>()

  onChange(listener: (view: View) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  get(watcher: string, presentity: string): View | undefined {
    return this.#views.get(viewKey(watcher, presentity))
  }

  add(watcher: string, presentity: string): void {
    const view: View = { watcher, presentity, ...UNKNOWN }
    this.#views.set(viewKey(watcher, presentity), view)
  }

  remove(watcher: string, presentity: string): void {
    this.#views.delete(viewKey(watcher, presentity))
  }

  /** Of one that nobody watches any more nothing is told. */
  update(watcher: string, presentity: string, change: Change): void {
    const key = viewKey(watcher, presentity)
    const before = this.#views.get(key)
    if (!before || isSame(before, change)) return
    this.#tell(key, { watcher, presentity, ...change })
  }

  /** The connection is gone: what was seen may not hold any more. */
  doubtAll(): void {
    for (const [key, view] of this.#views) {
      if (view.state !== 'unknown') this.#tell(key, { ...view, state: 'unknown' })
    }
  }

  #tell(key: string, view: View): void {
    this.#views.set(key, view)
    for (const listener of this.#listeners) listener(view)
  }
}

const UNKNOWN: Change = { state: 'unknown', reason: undefined, presence: undefined }

function isSame(before: View, { state, reason, presence }: Change): boolean {
  return before.state === state && before.reason === reason && before.presence === presence
}
