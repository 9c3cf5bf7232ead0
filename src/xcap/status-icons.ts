/** Status icons in presence (RFC 4480 §3.11): the address of the picture, for whoever may see the person. */
import type { BareJid } from '../core/address.ts'
import type { PresenceService } from '../core/presence/presence.ts'
import { writeFragment } from '../formats/pidf-fragments.ts'
import { NS_RPID } from '../formats/pidf-model.ts'
import type { XcapDocumentRows } from '../storage/stores/xcap-documents.ts'
import { xml } from '../xml/element.ts'
import type { StoredDocument } from './application-usage.ts'
import { iconId, PRES_CONTENT } from './usages/pres-content.ts'

export interface StatusIconsDeps {
  readonly presence: PresenceService
  readonly rows: Pick<XcapDocumentRows, 'ofUsage'>
  /** Where clients reach a picture. */
  urlOf(account: BareJid, id: string): string
}

const SOURCE = 'xcap/status-icon'
const NAME = 'status-icon'

export class StatusIcons {
  readonly #deps: StatusIconsDeps
  #isShown = false

  constructor(deps: StatusIconsDeps) {
    this.#deps = deps
  }

  /** From now on addresses are known: that of a listener is when it is open. */
  async show(): Promise<void> {
    this.#isShown = true
    for (const { account, text, updated_at: since } of await this.#deps.rows.ofUsage(
      PRES_CONTENT,
    )) {
      this.set({ account: account as BareJid, name: '', text, updatedAt: since })
    }
  }

  set({ account: presentity, text, updatedAt: since }: StoredDocument): void {
    const { presence, urlOf } = this.#deps
    if (!this.#isShown) return
    if (text === undefined) {
      presence.withdraw(presentity, SOURCE)
      return
    }
    const icon = xml(NAME, { xmlns: NS_RPID }, urlOf(presentity, iconId(presentity, text)))
    const extra = { of: 'person', kind: `{${NS_RPID}}${NAME}`, text: writeFragment(icon) } as const
    presence.report({
      ...{ presentity, source: SOURCE, until: undefined },
      observations: [
        {
          ...{ id: 'icon', class: 'application', basic: 'closed', activity: 'unknown' },
          ...{ manual: false, bare: true, extras: [extra], since },
        },
      ],
    })
  }
}
