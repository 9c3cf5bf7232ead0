/**
 * XEP-0363: HTTP File Upload, at an address beside each domain. Slots are given here; files come and go over HTTPS
 * (`upload/http`).
 */
import { type Element, xml } from '../../xml/element.ts'
import type { IqRequest } from '../iq/iq-handlers.ts'
import { defineModule } from '../module.ts'
import { slots } from '../upload/metrics.ts'
import { bucketOf, purposesOf } from '../upload/purpose.ts'
import {
  NS_PURPOSE,
  NS_UPLOAD,
  parseSlotRequest,
  slotElement,
  slotError,
} from '../upload/slot-request.ts'
import { UploadError } from '../upload/upload-error.ts'
import type { Uploads } from '../upload/uploads.ts'

const NAME = 'HTTP File Upload'

export const httpUpload = defineModule({
  name: 'http-upload',
  specs: [{ xep: 363, version: '1.2.0', status: 'complete' }],

  setup({ services, uploads }) {
    if (!uploads) return undefined
    const { config } = uploads
    const service = services.add({
      label: config.name,
      name: NAME,
      identity: { category: 'store', type: 'file' },
      features: [NS_UPLOAD, ...purposesOf(config).map((purpose) => `${NS_PURPOSE}#${purpose}`)],
      serves: (domain) => uploads.serves(domain),
      forms: () => [limits(bucketOf(config, 'message')?.maxSize ?? 0)],
    })
    service.iq.get(NS_UPLOAD, 'request', (request) => grant(uploads, request))
    return undefined
  },
})

/** §3. */
function limits(maxSize: number): Element {
  return xml(
    'x',
    { xmlns: 'jabber:x:data', type: 'result' },
    xml('field', { var: 'FORM_TYPE', type: 'hidden' }, xml('value', {}, NS_UPLOAD)),
    xml('field', { var: 'max-file-size' }, xml('value', {}, String(maxSize))),
  )
}

async function grant(uploads: Uploads, { from, payload }: IqRequest): Promise<Element> {
  const request = parseSlotRequest(payload)
  try {
    const links = await uploads.slot(from.bare, request)
    slots.inc({ outcome: 'granted' })
    return slotElement(links)
  } catch (error) {
    if (!(error instanceof UploadError)) throw error
    slots.inc({ outcome: error.reason })
    throw slotError(error)
  }
}
