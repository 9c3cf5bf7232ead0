/** Tells watchers what has changed in documents, as RFC 5874 writes it and RFC 5875 §4.7 asks for. */
import { type BareJid, domainOf } from '../../core/address.ts'
import {
  componentChange,
  type DiffProcessing,
  type DiffResource,
  declarations,
  documentChange,
  renderXcapDiff,
  XcapDiffState,
} from '../../formats/xcap-diff.ts'
import { makeTextPatch } from '../../xml/patch/text-patch.ts'
import type { DocumentKey, XcapDocument, XcapDocuments } from '../xcap-documents.ts'
import { Histories } from './histories.ts'
import { type Found, Selections, type SelectionsDeps } from './selections.ts'

export interface XcapDiffsDeps extends SelectionsDeps {
  readonly documents: SelectionsDeps['documents'] & Pick<XcapDocuments, 'onChange'>
  /** Where clients of a domain reach what is served over HTTP; without a slash at its end. */
  httpAddress(domain: string): string
}

export interface DiffWish {
  /** As they were sent. */
  readonly uris: readonly string[]
  readonly processing: DiffProcessing
}

/** What is told in one body; more is told without its content. */
const MAX_CHARS = 131_072
const WRITER = { prefix: 'xd:', declarations }

export class XcapDiffs implements Disposable {
  readonly #deps: XcapDiffsDeps
  readonly #selections: Selections
  readonly #histories = new Histories()
  readonly #watch: Disposable

  constructor(deps: XcapDiffsDeps) {
    this.#deps = deps
    this.#selections = new Selections(deps)
    this.#watch = deps.documents.onChange((key, made) => {
      if (made) this.#histories.made(key, made)
    })
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
  }

  /** Called when documents of a user may have changed. */
  onChange(listener: (account: BareJid) => void): Disposable {
    return this.#deps.documents.onChange(({ account }) => listener(account))
  }

  /** All that the user may read, or what is different from what he knows. */
  async render(
    account: BareJid,
    { uris, processing }: DiffWish,
    known: XcapDiffState | undefined,
  ): Promise<{ body: string; state: XcapDiffState }> {
    const found = await this.#selections.find(account, uris)
    const resources = found.map(
      ({ selector, resource }) => [selector, remembered(resource, processing)] as const,
    )
    const state = new XcapDiffState(new Map(resources))
    const changes = found.map((one) =>
      this.#change(one, processing, known?.resources.get(one.selector)),
    )
    for (const [selector, resource] of known?.resources ?? []) {
      if (!state.resources.has(selector)) changes.push(goneChange(selector, resource))
    }
    const root = `${this.#deps.httpAddress(domainOf(account))}${this.#deps.root}/`
    return { body: renderXcapDiff(root, changes), state }
  }

  #change(
    { selector, resource, key }: Found,
    processing: DiffProcessing,
    known: DiffResource | undefined,
  ): string {
    if (resource.kind !== 'document') {
      if (known?.kind === resource.kind && known.content === resource.content) return ''
      const isLong = resource.content.length > MAX_CHARS
      // §4.7: that it is there is told in any case.
      const told = isLong ? { ...resource, content: '' } : resource
      return componentChange(selector, resource.kind, told)
    }
    if (processing === 'xcap-patching' && key) this.#histories.keep(key, resource)
    if (known?.kind !== 'document') return documentChange({ selector, current: resource.etag })
    if (known.etag === resource.etag) return ''
    return this.#versions({ key, processing, known, now: resource })
      .map(({ from, to }) => {
        const patch = processing === 'no-patching' ? undefined : patchOf(from, to)
        return documentChange({
          selector,
          previous: from.etag,
          current: to.etag,
          patch: patch ?? '',
        })
      })
      .join('')
  }

  /** §4.3: with `xcap-patching` every version that a client has made; what is not known is told without a patch. */
  #versions({ key, processing, known, now }: Versions): Step[] {
    if (processing !== 'xcap-patching' || !key) return [{ from: known, to: now }]
    const versions = this.#histories.since(key, known.etag, now)
    if (!versions) return [{ from: { ...known, text: '' }, to: now }]
    return versions.map((to, at) => ({ from: versions[at - 1] ?? known, to }))
  }
}

interface Versions {
  readonly key: DocumentKey | undefined
  readonly processing: DiffProcessing
  readonly known: XcapDocument
  readonly now: XcapDocument
}

interface Step {
  readonly from: XcapDocument
  readonly to: XcapDocument
}

/** None where the document itself is shorter. */
function patchOf(from: XcapDocument, to: XcapDocument): string | undefined {
  if (from.text === '') return undefined
  const patch = makeTextPatch(WRITER, from.text, to.text)
  return patch !== undefined && patch.length < Math.min(to.text.length, MAX_CHARS)
    ? patch
    : undefined
}

/** Texts are remembered where patches are to be made of them. */
function remembered(resource: DiffResource, processing: DiffProcessing): DiffResource {
  const isNeeded = resource.kind !== 'document' || processing !== 'no-patching'
  return isNeeded ? resource : { ...resource, text: '' }
}

function goneChange(selector: string, resource: DiffResource): string {
  if (resource.kind !== 'document') return componentChange(selector, resource.kind, undefined)
  return documentChange({ selector, previous: resource.etag })
}
