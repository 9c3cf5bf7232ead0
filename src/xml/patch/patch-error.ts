/** Why a patch could not be applied (RFC 5261 §5.1), as a value and as a document. */
import { Element, xml } from '../element.ts'

/** The media type (RFC 5261 §10.2). */
export const PATCH_OPS_ERROR = 'application/patch-ops-error+xml'
export const NS_PATCH_OPS_ERROR = 'urn:ietf:params:xml:ns:patch-ops-error'

/** RFC 5261 §5.1: those that can happen here. */
export type PatchCondition =
  | 'invalid-attribute-value'
  | 'invalid-character-set'
  | 'invalid-diff-format'
  | 'invalid-entity-declaration'
  | 'invalid-namespace-prefix'
  | 'invalid-namespace-uri'
  | 'invalid-node-types'
  | 'invalid-patch-directive'
  | 'invalid-root-element-operation'
  | 'invalid-xml-prolog-operation'
  | 'invalid-whitespace-directive'
  | 'unlocated-node'
  | 'unsupported-id-function'

/** Nothing of the patch was applied. */
export class PatchError extends Error {
  readonly condition: PatchCondition
  /** That failed; `undefined` where no operation could be read. */
  readonly operation: Element | undefined

  constructor(condition: PatchCondition, phrase: string, operation?: Element) {
    super(phrase)
    this.name = 'PatchError'
    this.condition = condition
    this.operation = operation
  }
}

/** Characters of the operation that are sent back to who wrote it. */
const MAX_OPERATION_LENGTH = 2_048

/** §9: most conditions hold the operation; two are about the whole document. */
export function renderPatchError({ condition, message, operation }: PatchError): string {
  const told = operation && String(operation).length <= MAX_OPERATION_LENGTH ? operation : undefined
  const error = xml(
    'patch-ops-error',
    { xmlns: NS_PATCH_OPS_ERROR },
    xml(condition, { phrase: message }, told ?? shortened(operation)),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${error}`
}

function shortened(operation: Element | undefined): Element | undefined {
  return operation && new Element(operation.name, operation.ns, operation.attrs, [])
}
