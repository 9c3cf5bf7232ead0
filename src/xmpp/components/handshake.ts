/** Who may connect as a component: its address, and its password (XEP-0114 §3). */
import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIPv6 } from 'node:net'
import type { ComponentConfig } from './component.ts'

export function isHandshake(said: string, streamId: string, password = ''): boolean {
  if (password === '') return false
  const expected = Buffer.from(
    createHash('sha1')
      .update(streamId + password)
      .digest('hex'),
  )
  const given = Buffer.from(said)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

export function isAllowed(
  { allowedAddresses }: Pick<ComponentConfig, 'allowedAddresses'>,
  remoteAddress: string,
): boolean {
  if (allowedAddresses.length === 0) return true
  const networks = new BlockList()
  for (const network of allowedAddresses) {
    const [address = '', bits] = network.split('/')
    const family = familyOf(address)
    networks.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  const [plain = ''] = remoteAddress.split('%')
  return networks.check(plain, familyOf(plain))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
