/** Commands that make invitations (XEP-0401 §5): for users where the operator lets them, and for administrators. */
import { bareJid, domainOf } from '../../core/address.ts'
import { badRequest, notAcceptable, StanzaError } from '../errors.ts'
import { type Answers, type Form, oneOf } from '../forms/form.ts'
import type { Issued } from '../invitations/invitations.ts'
import type { ModuleContext } from '../module.ts'
import type { Caller, Command, Outcome } from './command.ts'

const NS_INVITE = 'urn:xmpp:invite'
const ACCOUNT_FORM: Form = {
  type: 'form',
  formType: `${NS_INVITE}#create-account`,
  title: 'Invite somebody to make an account',
  fields: [
    { name: 'username', type: 'text-single', label: 'User name; chosen by the guest where empty' },
    { name: 'roster-subscription', type: 'boolean', label: 'You will see each other' },
  ],
}

type Context = Pick<ModuleContext, 'invitations' | 'directory' | 'config' | 'audit'>

export function inviting(context: Context): Command[] {
  const { invitations, config } = context
  if (!invitations) return []
  const admins = new Set(config.admins)
  const isAdmin = ({ from }: Caller) => admins.has(from.bare)
  const commands: Command[] = [
    {
      node: `${NS_INVITE}#invite`,
      name: 'Invite somebody',
      // Of one's own domain: the guest comes to where the inviter is.
      mayRun: (caller) =>
        caller.domain === caller.from.domain && (config.invitations === 'users' || isAdmin(caller)),
      forms: () => [],
      run: async ({ from }) =>
        outcome(await invitations.toContact(from.bare), config.invitationPage),
    },
  ]
  if (!invitations.makesAccounts) return commands
  commands.push({
    node: `${NS_INVITE}#create-account`,
    name: 'Invite somebody to make an account',
    mayRun: isAdmin,
    forms: () => [ACCOUNT_FORM],
    run: (caller, answers) => toAccount(context, caller, answers),
  })
  return commands
}

async function toAccount(
  { invitations, directory, audit, config }: Context,
  { from, domain }: Caller,
  answers: Answers,
): Promise<Outcome> {
  if (!invitations) throw badRequest()
  const username = oneOf(answers, 'username')
  const account = username === '' ? undefined : bareJid(username, domain)
  if (username !== '' && (!account || domainOf(account) !== domain)) {
    throw notAcceptable('that is no user name')
  }
  if (account && ((await directory.exists(account)) || (await invitations.isReserved(account)))) {
    throw new StanzaError('cancel', 'conflict', 'the name is taken')
  }
  const befriends = ['1', 'true'].includes(oneOf(answers, 'roster-subscription'))
  const issued = await invitations.toAccount({ inviter: from.bare, domain, account, befriends })
  await audit?.append({
    actor: from.bare,
    action: 'xmpp create-account',
    target: account ?? domain,
    outcome: 'done',
    source: 'xmpp',
  })
  return outcome(issued, config.invitationPage)
}

function outcome({ uri, expiresAt }: Issued, page: string | undefined): Outcome {
  const expire = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z') // XEP-0082
  const landing = page?.replaceAll('{uri}', encodeURIComponent(uri))
  return {
    form: {
      type: 'result',
      formType: `${NS_INVITE}#invitation`,
      fields: [
        { name: 'uri', type: 'text-single', values: [uri] },
        ...(landing === undefined
          ? []
          : [{ name: 'landing-url', type: 'text-single', values: [landing] } as const]),
        { name: 'expire', type: 'text-single', values: [expire] },
      ],
    },
  }
}
