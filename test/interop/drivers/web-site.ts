/** A web server that has nothing to do with ours: pages with libraries of browsers. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { TestContext } from 'node:test'
import { connect } from 'node:tls'

const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' }

/** `fileOf` answers the file of a path; the URL of the site. */
export async function startSite(
  t: TestContext,
  fileOf: (path: string) => string | undefined,
): Promise<string> {
  const site = createServer(({ url = '' }, response) => {
    const file = fileOf(url)
    const isThere = file !== undefined && existsSync(file)
    const type = TYPES[file?.split('.').at(-1) ?? ''] ?? 'text/plain'
    response.writeHead(isThere ? 200 : 404, { 'content-type': type })
    response.end(isThere ? readFileSync(file) : undefined)
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.after(() => site.close())
  const bound = site.address()
  return `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}/`
}

/** The digest of the public key that a server shows, as Chromium is told whom to trust. */
export async function keyOf(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
  socket.destroy()
  return createHash('sha256')
    .update(key ?? '')
    .digest('base64')
}
