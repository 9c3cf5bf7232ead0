/**
 * XEP-0153: vCard-Based Avatars. The server puts the hash of the picture into the presence of all of a person's
 * clients that do not say that they show none, as XEP-0398 §5 has it: they need not know of it, nor fetch the vCard.
 */
import { createHash } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import type { Log } from '../../util/log.ts'
import { Element, xml } from '../../xml/element.ts'

export const NS_AVATAR_UPDATE = 'vcard-temp:x:update'

/** Shared, so that what the server said is known from what a client said. */
const NO_PICTURE = xml('x', { xmlns: NS_AVATAR_UPDATE }, xml('photo'))

/** SHA-1 of the picture in a vCard, in hexadecimal; `undefined` where there is none. */
export function avatarOf(vcard: Element): string | undefined {
  const base64 = vcard.child('PHOTO')?.child('BINVAL')?.text().replaceAll(/\s/g, '')
  if (!base64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  return createHash('sha1').update(Buffer.from(base64, 'base64')).digest('hex')
}

/** A client's presence with the picture that its person has; as it came where there is nothing to say. */
export function withAvatar(stanza: Element, avatar: string | undefined): Element {
  const said = stanza.child('x', NS_AVATAR_UPDATE)
  const shown = said?.child('photo')?.text().trim().toLowerCase()
  // XEP-0398 §5: who shows none wants it so.
  if (shown === '' && said !== NO_PICTURE) return stanza
  if (avatar !== undefined)
    return shown === avatar ? stanza : withUpdate(stanza, avatarUpdate(avatar))
  return shown ? withUpdate(stanza, NO_PICTURE) : stanza
}

export function avatarUpdate(avatar: string): Element {
  return xml('x', { xmlns: NS_AVATAR_UPDATE }, xml('photo', {}, avatar))
}

function withUpdate({ name, ns, attrs, children }: Element, update: Element): Element {
  const others = children.filter(
    (child) => typeof child === 'string' || !child.is('x', NS_AVATAR_UPDATE),
  )
  return new Element(name, ns, attrs, [...others, update])
}

export interface AvatarsDeps {
  readonly log: Log
  readonly directory: {
    avatar(account: BareJid): string | undefined | Promise<string | undefined>
  }
}

/** What is known of people who have no client here that shows their picture. */
export class Avatars {
  readonly #deps: AvatarsDeps
  /** He has a picture, which was not known when it was asked for. */
  learned: (account: BareJid) => void = () => {}

  constructor(deps: AvatarsDeps) {
    this.#deps = deps
  }

  known(account: BareJid): string | undefined {
    const avatar = this.#deps.directory.avatar(account)
    if (!(avatar instanceof Promise)) return avatar
    avatar.then(
      (found) => {
        if (found !== undefined) this.learned(account)
      },
      (err: unknown) => this.#deps.log.error({ what: 'xmpp_avatar_not_read', account, err }),
    )
    return undefined
  }
}
