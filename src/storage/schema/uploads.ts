/** A file that a user shared (XEP-0363); its content is on the disk under its `id`. */
export interface UploadsTable {
  id: string
  /** `null` once the user is gone, and the file still to follow. */
  account: string | null
  name: string
  content_type: string
  size: number
  purpose: string
  /** `arriving`, `stored`, or `removed`: its file is gone, and limits of a day still count it. */
  state: string
  created_at: number
  /** `null` for one that stays. */
  expires_at: number | null
}
