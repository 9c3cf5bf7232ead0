/**
 * The `presence` event package (RFC 3856): one presentity's state as PIDF (RFC 3863), with the
 * data model (RFC 4479) and rich presence (RFC 4480); the same documents published (RFC 3903 §12).
 */
import { filterFor } from '../../formats/filter/filter-sets.ts'
import { PIDF } from '../../formats/pidf.ts'
import { PIDF_DIFF } from '../../formats/pidf-diff.ts'
import { defineEventPackage } from './event-package.ts'
import { filters } from './filters.ts'
import { presencePublication } from './presence-publication.ts'
import { renderForWatcher } from './presence-rendering.ts'

const EVENT = 'presence'

export const presencePackage = defineEventPackage({
  event: EVENT,
  specs: [
    'RFC 3856',
    'RFC 3863',
    'RFC 4479',
    'RFC 4480',
    'RFC 4481',
    'RFC 4482',
    'RFC 4660',
    'RFC 5196',
    'RFC 5262',
    'RFC 5263',
    'RFC 5264',
  ],
  contentTypes: [PIDF, PIDF_DIFF],
  expires: { min: 60, default: 3600, max: 86_400 }, // RFC 3856 §6.4
  minNotifyIntervalMs: 5_000, // RFC 3856 §6.10

  authorize: ({ access }, { presentity, watcher }) => access.of(presentity, watcher),

  /** RFC 3856 §6.6.2: who is pending or blocked gets what an offline person's watchers get. */
  render({ presence }, { presentity, entity, asked }, viewing) {
    const filter = asked && filterFor(filters.of(asked), entity, EVENT)
    const { document } = presence.view(presentity, viewing.visible)
    return renderForWatcher(document, { entity, filter }, viewing)
  },

  watch: ({ presence }, changed) =>
    presence.subscribe({
      name: 'sip',
      presenceChanged: ({ presentity }) => changed(presentity),
    }),

  bodies: [filters],
  publication: presencePublication,
})
