/** What the server refused, or could not be asked. */
export class RequestFailed extends Error {
  /** The SIP status: 403 where the application may not do this, 503 where there is no connection. */
  readonly status: number

  constructor(method: string, { status, reason }: { status: number; reason: string }) {
    super(`${method}: ${status} ${reason}`)
    this.name = 'RequestFailed'
    this.status = status
  }
}
