/** A BOSH session request by request, for tests of the rules: nothing is sent but what a test sends. */
import { randomInt } from 'node:crypto'
import { type BoshAnswer, BoshWire, body } from './bosh-client.ts'

export class RawBosh {
  readonly wire: BoshWire
  rid = randomInt(1, 2 ** 40)
  sid = ''

  constructor(url: string) {
    this.wire = new BoshWire(url)
  }

  /** Begins a session with these attributes, as written. */
  async begin(domain: string, terms = `wait='60' hold='1' ver='1.11'`): Promise<BoshAnswer> {
    const begun = await this.wire.post(
      body(`rid='${this.rid}' to='${domain}' xmpp:version='1.0' ${terms}`),
    )
    this.sid = begun.body.attr('sid') ?? ''
    return begun
  }

  /** The next request. */
  post(payloads = '', attrs = ''): Promise<BoshAnswer> {
    this.rid += 1
    return this.at(this.rid, payloads, attrs)
  }

  /** A request of any number. */
  at(rid: number, payloads = '', attrs = ''): Promise<BoshAnswer> {
    return this.wire.post(body(`rid='${rid}' sid='${this.sid}' ${attrs}`, payloads))
  }

  /** Signs in, and binds a resource; each request is answered with what it asks for. */
  async online(jid: string, password: string): Promise<this> {
    const [user = '', domain = ''] = jid.split('@')
    if (this.sid === '') await this.begin(domain)
    const plain = Buffer.from(`\0${user}\0${password}`).toString('base64')
    await this.post(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`,
    )
    await this.post('', `xmpp:restart='true' to='${domain}'`)
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`
    const bound = await this.post(`<iq xmlns='jabber:client' type='set' id='b'>${bind}</iq>`)
    if (!bound.text.includes('<jid>')) throw new Error(`not bound: ${bound.text}`)
    return this
  }

  /** As `post` of a ping, whose answer comes with the oldest request that waits. */
  ping(id = 'p', attrs = ''): Promise<BoshAnswer> {
    const ping = `<ping xmlns='urn:xmpp:ping'/>`
    return this.post(`<iq xmlns='jabber:client' type='get' id='${id}'>${ping}</iq>`, attrs)
  }

  /** Leaves one request waiting, for sure; answers what it will be answered with. */
  async waiting(): Promise<{ answer: Promise<BoshAnswer> }> {
    const first = this.post()
    const answer = this.ping()
    await first
    return { answer }
  }
}
