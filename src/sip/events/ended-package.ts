/** For the last NOTIFY of a subscription whose resource cannot be rendered any more (RFC 6665 §4.2.2 asks for no body). */
import { NOTHING } from '../../core/presence/access/access.ts'
import type { EventPackage } from './event-package.ts'
import { NOTHING_TO_TELL } from './notify.ts'

export function endedPackage({ event, specs, contentTypes, expires }: EventPackage): EventPackage {
  return {
    event,
    specs,
    contentTypes,
    expires,
    minNotifyIntervalMs: 0,
    authorize: () => ({ decision: 'block', visible: NOTHING, asks: false }),
    render: () => NOTHING_TO_TELL,
    watch: () => ({ [Symbol.dispose]: () => undefined }),
  }
}
