/** XEP-0049: Private XML Storage. Each piece is kept under the name and namespace of its element. */
import { DirectoryError } from '../../directory/errors.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, forbidden, notAcceptable, resourceConstraint } from '../errors.ts'
import type { IqRequest } from '../iq/iq-handlers.ts'
import { defineModule } from '../module.ts'
import { storedElement } from '../stored-element.ts'

const NS_PRIVATE = 'jabber:iq:private'
/** Of one user. */
const MAX_PIECES = 100

export const privateStorage = defineModule({
  name: 'private-storage',
  specs: [{ xep: 49, version: '1.2', status: 'complete' }],
  features: [NS_PRIVATE],
  accountFeatures: [NS_PRIVATE],

  setup({ iq, directory, config }) {
    const limits = { maxPieces: MAX_PIECES, maxBytes: config.maxPrivateData }
    iq.account.get(NS_PRIVATE, 'query', async (request) => {
      const pieces = requirePieces(request)
      const found = await Promise.all(
        pieces.map(async (piece) => {
          const kept = await directory.personal.private(request.to, nameOf(piece))
          return kept === undefined ? xml(piece.name, { xmlns: piece.ns }) : storedElement(kept)
        }),
      )
      return xml('query', { xmlns: NS_PRIVATE }, ...found)
    })
    iq.account.set(NS_PRIVATE, 'query', async (request) => {
      const pieces = requirePieces(request).map((piece) => [nameOf(piece), kept(piece)] as const)
      await directory.personal.putPrivate(request.to, new Map(pieces), limits).catch(refuse)
      return undefined
    })
  },
})

function requirePieces({ from, to, payload, stanza }: IqRequest): Element[] {
  if (from.bare !== to) throw forbidden()
  const pieces = [...payload.elements()]
  if (pieces.length === 0) {
    // §3.1, §5.
    throw stanza.attr('type') === 'get' ? badRequest('which piece?') : notAcceptable('no piece')
  }
  if (pieces.length > MAX_PIECES) throw resourceConstraint('too many pieces at once')
  if (pieces.some(({ ns }) => ns === NS_PRIVATE || ns === '')) {
    throw notAcceptable('each piece has a namespace of its own')
  }
  return pieces
}

function nameOf({ ns, name }: Element): string {
  return `{${ns}}${name}`
}

/** An empty element is as good as none. */
function kept(piece: Element): string | undefined {
  const isEmpty = piece.children.length === 0 && Object.keys(piece.attrs).length === 0
  return isEmpty ? undefined : piece.toString()
}

function refuse(error: unknown): never {
  if (!(error instanceof DirectoryError)) throw error
  throw resourceConstraint(error.message)
}
