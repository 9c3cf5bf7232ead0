/** Status icons as pictures, for whoever was told their address (OMA-TS-Presence_SIMPLE_Content_XDM). */
import type { FastifyInstance } from 'fastify'
import type { HttpPart } from '../net/http-part.ts'
import type { XcapDocumentRows } from '../storage/stores/xcap-documents.ts'
import { parseDocument } from '../xml/document.ts'
import { limitsOf } from './document-body.ts'
import { PRES_CONTENT, readIcon } from './usages/pres-content.ts'

const MAX_BYTES = 16 * 1024 ** 2
const ID = /^[\w-]{32}$/

/** What is there runs nowhere, and is framed by nobody. */
const HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'cache-control': 'public, max-age=86400, immutable',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
}

/** The address is as secret as whoever has it: it is in presence, and another one for each picture. */
export function iconPart(
  root: string,
  rows: Pick<XcapDocumentRows, 'claimant' | 'find'>,
): HttpPart {
  return (app: FastifyInstance) => {
    app.get<{ Params: { id: string } }>(`${root}/icons/:id`, async ({ params: { id } }, reply) => {
      const key = ID.test(id) ? await rows.claimant(PRES_CONTENT, id) : undefined
      const row = key && (await rows.find(key))
      if (!row) return reply.code(404).type('text/plain').send('There is no such picture')
      const { mimeType, data } = readIcon(parseDocument(row.text, limitsOf(MAX_BYTES)))
      return reply.headers(HEADERS).type(mimeType).send(data)
    })
  }
}
