/** Four people who know each other, so that the first five minutes show something. */
import { type BareJid, requireJid } from '../core/address.ts'
import { newRosterItem } from '../core/presence/roster-item.ts'
import type { Directory } from '../directory/directory.ts'
import { readablePassword } from '../util/readable-password.ts'
import type { DemoUsers } from './announcement.ts'

export const DEMO_DOMAIN = 'localhost'
const NAMES = ['Alice', 'Bob', 'Carol', 'Dave']

/** Those who are missing are made, with one password; the others stay as they are. */
export async function requireDemoUsers(directory: Directory): Promise<DemoUsers> {
  // Phones sign in by digest, some of them by MD5 only; its hashes are kept for passwords set from now on.
  await directory.updateDomain(DEMO_DOMAIN, { sipDigest: 'md5' })
  const people = NAMES.map((name) => ({
    name,
    account: requireJid(`${name.toLowerCase()}@${DEMO_DOMAIN}`).bare,
  }))
  const accounts = people.map(({ account }) => account)
  const password = readablePassword()
  const made: BareJid[] = []
  for (const { account, name } of people) {
    if (await directory.exists(account)) continue
    await directory.addUser({ account, name, password })
    made.push(account)
  }
  for (const { account } of people) {
    for (const other of people) {
      if (account === other.account || !(made.includes(account) || made.includes(other.account)))
        continue
      await directory.contacts.put(account, {
        ...newRosterItem(other.account),
        name: other.name,
        groups: ['Demo'],
        subscription: 'both',
      })
    }
  }
  return {
    accounts: made.length > 0 ? made : accounts,
    password: made.length > 0 ? password : undefined,
  }
}
