/** What documents a user has (OMA-TS-XDM_Core §6.7.2), with their entity tags. */
import type { BareJid } from '../../core/address.ts'
import { xml } from '../../xml/element.ts'
import { type ApplicationUsage, defineUsage } from '../application-usage.ts'
import type { DocumentKey, XcapDocument } from '../xcap-documents.ts'

export interface XcapDirectoryDeps {
  list(account: BareJid): Promise<{ auid: string; name: string }[]>
  read(key: DocumentKey): Promise<XcapDocument | undefined>
  /** Where clients reach a document. */
  uriOf(key: DocumentKey): string
}

const NS_XCAP_DIRECTORY = 'urn:oma:xml:xdm:xcap-directory'

export function xcapDirectory({ list, read, uriOf }: XcapDirectoryDeps): ApplicationUsage {
  return defineUsage({
    auid: 'org.openmobilealliance.xcap-directory',
    specs: [],
    mimeType: 'application/vnd.oma.xcap-directory+xml',
    defaultNs: NS_XCAP_DIRECTORY,
    namespaces: [NS_XCAP_DIRECTORY],
    made: {
      tree: 'users',
      name: 'directory.xml',
      async make(account) {
        const keys = account ? await list(account) : []
        const entries = await Promise.all(
          keys.map(async ({ auid, name }) => {
            const key = { account: account ?? NOBODY, auid, name }
            const document = await read(key)
            return { auid, uri: uriOf(key), document }
          }),
        )
        const folders = Map.groupBy(entries, ({ auid }) => auid)
        const root = xml(
          'xcap-directory',
          { xmlns: NS_XCAP_DIRECTORY },
          ...[...folders].map(([auid, files]) =>
            xml('folder', { auid }, ...files.flatMap(({ uri, document }) => entry(uri, document))),
          ),
        )
        return `<?xml version="1.0" encoding="UTF-8"?>\n${root}`
      },
    },
  })
}

const NOBODY = '' as BareJid

function entry(uri: string, document: XcapDocument | undefined) {
  if (!document) return []
  const size = String(Buffer.byteLength(document.text))
  return [xml('entry', { uri, etag: `"${document.etag}"`, size })]
}
