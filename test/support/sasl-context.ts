import type { SaslContext } from '../../src/xmpp/sasl/mechanism.ts'

/** What a mechanism is asked in where nobody exists and nothing is known; `known` is otherwise. */
export function saslContext(
  known: Partial<SaslContext> & Pick<SaslContext, 'domain'>,
): SaslContext {
  return {
    realm: known.domain,
    credentials: {
      scram: async () => undefined,
      fakeScram: () => {
        throw new Error('not asked for')
      },
      ha1: async () => undefined,
      verifyPassword: async () => false,
    },
    offersPlus: false,
    channelBinding: () => undefined,
    offerHash: () => undefined,
    certificate: undefined,
    token: undefined,
    claimed: () => undefined,
    standing: async () => 'active',
    broken: () => undefined,
    ...known,
  }
}
