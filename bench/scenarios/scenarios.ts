/** All scenarios, in the order in which they run and are shown. */
import type { Scenario } from '../harness/scenario.ts'
import { mixed } from './mixed.ts'
import { overload } from './overload.ts'
import { notifyTcp, notifyUdp } from './sip-notify.ts'
import { subscribe, subscriptionMemory } from './sip-subscribe.ts'
import { chat } from './xmpp-chat.ts'
import { fanOut } from './xmpp-fan-out.ts'
import { idlePlain, idleTls } from './xmpp-idle.ts'
import { loginPlain, loginTls } from './xmpp-login.ts'

export const SCENARIOS: readonly Scenario[] = [
  chat,
  fanOut,
  loginPlain,
  loginTls,
  idlePlain,
  idleTls,
  notifyUdp,
  notifyTcp,
  subscribe,
  subscriptionMemory,
  mixed,
  overload,
]
