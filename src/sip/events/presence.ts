/**
 * The `presence` event package (RFC 3856): one presentity's state as PIDF (RFC 3863), with the
 * data model (RFC 4479) and rich presence (RFC 4480); the same documents published (RFC 3903 §12).
 */
import { PIDF } from '../../formats/pidf.ts'
import { PIDF_DIFF } from '../../formats/pidf-diff.ts'
import { defineEventPackage } from './event-package.ts'
import { presencePublication } from './presence-publication.ts'
import { renderForWatcher } from './presence-rendering.ts'

export const presencePackage = defineEventPackage({
  event: 'presence',
  specs: [
    'RFC 3856',
    'RFC 3863',
    'RFC 4479',
    'RFC 4480',
    'RFC 4481',
    'RFC 4482',
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
  render: ({ presence }, { presentity, entity }, viewing) =>
    renderForWatcher(presence.view(presentity, viewing.visible).document, entity, viewing),

  watch: ({ presence }, changed) =>
    presence.subscribe({
      name: 'sip',
      presenceChanged: ({ presentity }) => changed(presentity),
    }),

  publication: presencePublication,
})
