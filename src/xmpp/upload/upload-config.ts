/** What sharing of files (XEP-0363) needs to know. Sizes are bytes, times milliseconds. */
export interface UploadConfig {
  /** What stands before a domain in the address of its service. */
  readonly name: string
  /** Domains whose users may share; all, where it is empty. */
  readonly domains: readonly string[]
  /** Of one file. */
  readonly maxSize: number
  /** `image/png`, `image/*`; all, where it is empty. */
  readonly types: readonly string[]
  /** How long files stay; 0 for ever. */
  readonly keep: number
  /** Of one user's files, for each purpose. Of profiles and permanent files, 0 is none. */
  readonly quota: number
  readonly profileQuota: number
  readonly permanentQuota: number
  /** Of one profile file. */
  readonly maxProfileSize: number
  /** Of one user. */
  readonly bytesPerDay: number
  readonly filesPerDay: number
  /** Of all files; 0 is no limit. */
  readonly totalQuota: number
  /** From the slot to the beginning of the upload. */
  readonly slotTimeout: number
  /** At a time. */
  readonly maxUploads: number
  readonly maxUploadsPerUser: number
  readonly maxDownloads: number
  readonly maxDownloadsPerAddress: number
}
