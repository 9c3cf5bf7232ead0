/** What this server knows (RFC 4825 §12), for clients to read. */
import { xml } from '../../xml/element.ts'
import { type ApplicationUsage, defineUsage } from '../application-usage.ts'

const NS_XCAP_CAPS = 'urn:ietf:params:xml:ns:xcap-caps'

/** `others` are all but this one. */
export function xcapCaps(others: readonly ApplicationUsage[]): ApplicationUsage {
  const own = { auid: 'xcap-caps', namespaces: [NS_XCAP_CAPS] }
  const all = [own, ...others]
  const namespaces = [...new Set(all.flatMap((usage) => usage.namespaces))]
  const root = xml(
    'xcap-caps',
    { xmlns: NS_XCAP_CAPS },
    xml('auids', {}, ...all.map(({ auid }) => xml('auid', {}, auid))),
    xml('extensions'),
    xml('namespaces', {}, ...namespaces.map((uri) => xml('namespace', {}, uri))),
  )
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${root}`
  return defineUsage({
    ...own,
    specs: ['RFC 4825'],
    mimeType: 'application/xcap-caps+xml',
    defaultNs: NS_XCAP_CAPS,
    made: { tree: 'global', name: 'index', make: () => text },
  })
}
