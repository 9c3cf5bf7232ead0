/**
 * The `refer` event package (RFC 3515 §3): how a request goes that somebody asked for. Nobody can
 * subscribe to it but by a REFER (§2.4.4), or where one has told him to (RFC 7614 §4.4).
 */
import { SIPFRAG } from '../../formats/sipfrag.ts'
import { SipError } from '../errors.ts'
import { defineEventPackage } from './event-package.ts'

const NO_STATE = { body: Buffer.alloc(0), state: '' }

export const referPackage = defineEventPackage({
  event: 'refer',
  specs: ['RFC 3515', 'RFC 3892', 'RFC 4488', 'RFC 7614', 'RFC 7647'],
  contentTypes: [SIPFRAG],
  expires: { min: 60, default: 60, max: 60 }, // §3.4: as long as what was asked for may take
  minNotifyIntervalMs: 0,

  authorize() {
    throw new SipError(403, 'No REFER')
  },

  render: () => NO_STATE,
  watch: () => ({ [Symbol.dispose]: () => undefined }),
})
