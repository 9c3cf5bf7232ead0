/**
 * Not a test: a program that `database.test.ts` starts and kills. Changes a contact list and keeps messages
 * as fast as it can, several at once, and writes a line for each that the database acknowledged.
 */
import { writeSync } from 'node:fs'
import { requireJid } from '../../src/core/address.ts'
import { newRosterItem } from '../../src/core/presence/roster-item.ts'
import { ContactLists } from '../../src/directory/contact-lists.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { OfflineMessages } from '../../src/storage/stores/offline-messages.ts'
import { silentLog } from '../../src/util/log.ts'

const [url = '', round = ''] = process.argv.slice(2)
const alice = requireJid('alice@corp.example').bare
const database = await openDatabase(url)
const contacts = new ContactLists({ database, log: silentLog }, { maxContacts: 1_000_000 })
const messages = new OfflineMessages(database.kysely)

async function writeContacts(writer: number): Promise<never> {
  for (let at = 0; ; at += 1) {
    const contact = requireJid(`c${round}-${writer}-${at}@corp.example`).bare
    await contacts.put(alice, newRosterItem(contact))
    writeSync(1, `contact ${contact}\n`)
  }
}

async function writeMessages(writer: number): Promise<never> {
  for (let at = 0; ; at += 1) {
    const body = `m${round}-${writer}-${at}`
    const message = {
      sender: 'bob@corp.example/phone',
      recipient: alice,
      type: 'chat',
      messageId: undefined,
      thread: undefined,
      subject: undefined,
      body,
      origin: 'xmpp',
      native: undefined,
      storedAt: 0,
    }
    const outcome = await messages.add(alice, message, 1_000_000)
    if (outcome === 'stored') writeSync(1, `message ${body}\n`)
  }
}

await Promise.all([1, 2].flatMap((writer) => [writeContacts(writer), writeMessages(writer)]))
