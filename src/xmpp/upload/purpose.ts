/** What files are for, and what that allows (XEP-0363 §5). */
import type { UploadConfig } from './upload-config.ts'

export type Purpose = 'message' | 'ephemeral' | 'profile' | 'permanent'

/** Purposes that share a quota, and their rules. */
export interface Bucket {
  readonly purposes: readonly Purpose[]
  readonly quota: number
  readonly maxSize: number
  /** How long a file stays; `undefined`: as long as its user. */
  readonly keepMs: number | undefined
}

type PurposeConfig = Pick<
  UploadConfig,
  'maxSize' | 'keep' | 'quota' | 'profileQuota' | 'permanentQuota' | 'maxProfileSize'
>

/** `undefined` where files for this purpose are not taken. */
export function bucketOf(config: PurposeConfig, purpose: Purpose): Bucket | undefined {
  const { maxSize, keep, quota, profileQuota, permanentQuota, maxProfileSize } = config
  switch (purpose) {
    case 'message':
    case 'ephemeral':
      return {
        purposes: ['message', 'ephemeral'],
        quota,
        maxSize: Math.min(maxSize, quota),
        keepMs: keep === 0 ? undefined : keep,
      }
    case 'profile':
      return lasting(purpose, profileQuota, Math.min(maxSize, maxProfileSize))
    case 'permanent':
      return lasting(purpose, permanentQuota, maxSize)
  }
}

function lasting(purpose: Purpose, quota: number, maxSize: number): Bucket | undefined {
  if (quota === 0) return undefined
  return { purposes: [purpose], quota, maxSize: Math.min(maxSize, quota), keepMs: undefined }
}

const PURPOSES: readonly Purpose[] = ['message', 'profile', 'ephemeral', 'permanent']

export function parsePurpose(name: string): Purpose | undefined {
  return PURPOSES.find((purpose) => purpose === name)
}

/** Those that files are taken for. */
export function purposesOf(config: PurposeConfig): Purpose[] {
  return PURPOSES.filter((purpose) => bucketOf(config, purpose) !== undefined)
}
