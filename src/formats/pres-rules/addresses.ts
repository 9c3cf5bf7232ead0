/** The single watchers that a document names, and the same document with other names for them. */
import type { BareJid } from '../../core/address.ts'
import type { PresRuleset } from './model.ts'

export function addressesOf({ rules }: PresRuleset): Set<BareJid> {
  const addresses = new Set<BareJid>()
  for (const { ones, manys } of rules) {
    for (const one of ones) addresses.add(one)
    for (const { exceptAddresses } of manys) for (const one of exceptAddresses) addresses.add(one)
  }
  return addresses
}

/** `names` has those that change. */
export function withAddresses(
  { rules }: PresRuleset,
  names: ReadonlyMap<BareJid, BareJid>,
): PresRuleset {
  const renamed = (addresses: ReadonlySet<BareJid>) =>
    new Set([...addresses].map((one) => names.get(one) ?? one))
  return {
    rules: rules.map((rule) => ({
      ...rule,
      ones: renamed(rule.ones),
      manys: rule.manys.map((many) => ({
        ...many,
        exceptAddresses: renamed(many.exceptAddresses),
      })),
    })),
  }
}
