/** The request for a slot, and its answers, in XML (XEP-0363 §4, §5, §6). */
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, StanzaError, type StanzaErrorType } from '../errors.ts'
import { parseMediaType } from './media-type.ts'
import { type Purpose, parsePurpose } from './purpose.ts'
import type { UploadError, UploadRefusal } from './upload-error.ts'
import type { SlotLinks, SlotRequest } from './uploads.ts'

export const NS_UPLOAD = 'urn:xmpp:http:upload:0'
export const NS_PURPOSE = 'urn:xmpp:http:upload:purpose:0'

/** XML Schema's positiveInteger, as far as files go. */
const SIZE = /^\+?0*([1-9]\d{0,14})$/
/** XEP-0082 §3.2. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Throws `StanzaError`. */
export function parseSlotRequest(request: Element): SlotRequest {
  const name = request.attr('filename') ?? ''
  if (name === '') throw badRequest('A file has a name')
  const [, size] = SIZE.exec(request.attr('size')?.trim() ?? '') ?? []
  if (size === undefined) throw badRequest('A file has a size in bytes, more than none')
  return { name, size: Number(size), contentType: contentTypeOf(request), ...purposeOf(request) }
}

/** Some clients write an empty one where they do not know it. */
function contentTypeOf(request: Element): string | undefined {
  const text = request.attr('content-type')?.trim() ?? ''
  if (text === '') return undefined
  const type = parseMediaType(text)
  if (!type) throw badRequest('That is no type of content')
  return type.text
}

function purposeOf(request: Element): { purpose: Purpose; keepUntil: number | undefined } {
  const [element, ...more] = [...request.elements()].filter(({ ns }) => ns === NS_PURPOSE)
  if (more.length > 0) throw badRequest('A file is for one purpose')
  // §5: the default.
  if (!element) return { purpose: 'message', keepUntil: undefined }
  const purpose = parsePurpose(element.name)
  if (!purpose) throw new StanzaError('cancel', 'feature-not-implemented')
  const keepUntil = purpose === 'ephemeral' ? expireBefore(element) : undefined
  return { purpose, keepUntil }
}

/** §5.3. */
function expireBefore(element: Element): number {
  const text = element.attr('expire-before') ?? ''
  const time = DATE_TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw badRequest('expire-before is a time such as 2025-09-10T23:08:25Z')
  return time
}

export function slotElement({ put, get }: SlotLinks): Element {
  return xml('slot', { xmlns: NS_UPLOAD }, xml('put', { url: put }), xml('get', { url: get }))
}

type Terms = readonly [StanzaErrorType, ConstructorParameters<typeof StanzaError>[1]]

const CONDITIONS: Readonly<Record<UploadRefusal, Terms>> = {
  forbidden: ['auth', 'forbidden'],
  'too-large': ['modify', 'not-acceptable'],
  type: ['modify', 'not-acceptable'],
  purpose: ['cancel', 'feature-not-implemented'],
  over: ['modify', 'not-acceptable'],
  quota: ['wait', 'resource-constraint'],
  daily: ['wait', 'resource-constraint'],
  full: ['wait', 'resource-constraint'],
  busy: ['wait', 'resource-constraint'],
  'busy-user': ['wait', 'resource-constraint'],
  used: ['cancel', 'conflict'],
  gone: ['cancel', 'gone'],
}

/** §6. */
export function slotError({ reason, message, retryAt, maxSize }: UploadError): StanzaError {
  return new StanzaError(...CONDITIONS[reason], message, detailOf(maxSize, retryAt))
}

function detailOf(maxSize: number | undefined, retryAt: number | undefined): Element | undefined {
  if (maxSize !== undefined) {
    const limit = xml('max-file-size', {}, String(maxSize))
    return xml('file-too-large', { xmlns: NS_UPLOAD }, limit)
  }
  if (retryAt === undefined) return undefined
  // In whole seconds, and no sooner than that.
  const stamp = new Date(Math.ceil(retryAt / 1000) * 1000).toISOString().replace('.000', '')
  return xml('retry', { xmlns: NS_UPLOAD, stamp })
}
