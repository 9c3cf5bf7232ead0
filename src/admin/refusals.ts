/** Every refusal leaves in one form: `{ "error": { "code", "message" } }`. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../util/log.ts'
import { ApiError, isApiErrorCode } from './api-error.ts'

export function answerError(
  { log }: { log: Log },
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = asApiError(error)
  const { code, message, statusCode, retryAfterSeconds } = refusal
  if (code === 'INTERNAL') {
    log.error({ what: 'api_request_failed', err: error, request: request.id, url: request.url })
  }
  if (code === 'SIGN_IN_REQUIRED') {
    reply.header('www-authenticate', 'Basic realm="Heliograph", charset="UTF-8"')
  }
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  request.refusal = code
  return reply.status(statusCode).send({ error: { code, message } })
}

/** Answers what is not HTTP enough to become a request, and ends the connection. */
export function answerClientError(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? 400
  const { code, message } = new ApiError('BAD_REQUEST', 'That is not an HTTP request for here.')
  const body = JSON.stringify({ error: { code, message } })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

/** Errors of the directory and the API carry a code of the table; Fastify's own are told apart by status. */
function asApiError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error
  if (isApiErrorCode(error.code)) return new ApiError(error.code, error.message)
  switch (error.statusCode) {
    case 413:
      return new ApiError('TOO_LARGE')
    case 415:
      return new ApiError('BAD_MEDIA_TYPE')
    case undefined:
      return new ApiError('INTERNAL')
    default:
      return error.statusCode < 500
        ? new ApiError('BAD_REQUEST', error.message)
        : new ApiError('INTERNAL')
  }
}
