/** For the last NOTIFY of a subscription whose resource cannot be rendered any more (RFC 6665 §4.2.2 asks for no body). */
import { NOTHING } from '../../core/presence/access/access.ts'
import type { EventPackage } from './event-package.ts'

const NO_STATE = { body: Buffer.alloc(0), state: '' }

export function endedPackage({ event, specs, contentTypes, expires }: EventPackage): EventPackage {
  return {
    event,
    specs,
    contentTypes,
    expires,
    minNotifyIntervalMs: 0,
    authorize: () => ({ decision: 'block', visible: NOTHING, asks: false }),
    render: () => NO_STATE,
    watch: () => ({ [Symbol.dispose]: () => undefined }),
  }
}
