/** What requests for files are refused with. */
import { WrongLength } from '../file-store.ts'
import { UploadError, type UploadRefusal } from '../upload-error.ts'

export class HttpRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const STATUS: Readonly<Record<UploadRefusal, number>> = {
  forbidden: 403,
  'too-large': 413,
  type: 415,
  purpose: 403,
  over: 410,
  quota: 413,
  daily: 413,
  full: 507,
  busy: 503,
  'busy-user': 429,
  used: 409,
  gone: 410,
}

export function statusOf(error: unknown): number {
  if (error instanceof UploadError) return STATUS[error.reason]
  if (error instanceof HttpRefusal) return error.status
  if (error instanceof WrongLength) return 400
  return statusOfFramework(error) ?? 500
}

/** Fastify's own refusals of requests. */
function statusOfFramework(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const { statusCode } = error
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? statusCode
    : undefined
}
