/** Names that the operator of this machine has given addresses of his own (hosts(5)). */
import { readFile } from 'node:fs/promises'
import { normalizeHost } from '../addresses.ts'

const HOSTS = '/etc/hosts'

/** Without the file there are none. */
export async function addressesInHosts(name: string, file = HOSTS): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return addressesIn(text, name)
}

function addressesIn(text: string, name: string): readonly string[] {
  const wanted = name.toLowerCase()
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return names.some((one) => one.toLowerCase() === wanted) ? [normalizeHost(address)] : []
  })
}
