import { counter, gauge, histogram } from '../../util/metrics.ts'

export const slots = counter({
  name: 'heliograph_upload_slots_total',
  help: 'Slots for files that users asked for, by what they got: granted, or why not.',
  labels: ['outcome'],
})

export const puts = counter({
  name: 'heliograph_upload_puts_total',
  help: 'Files that were put, by HTTP status.',
  labels: ['status'],
})

export const gets = counter({
  name: 'heliograph_upload_gets_total',
  help: 'Files that were asked for, by method and HTTP status.',
  labels: ['method', 'status'],
})

export const removed = counter({
  name: 'heliograph_upload_removed_total',
  help: 'Files removed, by cause: their time was over (expired), their user is gone (orphaned), by an administrator (admin).',
  labels: ['cause'],
})

export const sizes = histogram(
  { name: 'heliograph_upload_size_bytes', help: 'Sizes of files that came.' },
  [1024, 10_240, 102_400, 1_048_576, 10_485_760, 104_857_600, 1_073_741_824],
)

export const storedFiles = gauge({
  name: 'heliograph_upload_files',
  help: 'Shared files that there are.',
})
export const storedBytes = gauge({
  name: 'heliograph_upload_bytes',
  help: 'What they take of the disk.',
})
