/** What an administrator switches while the server runs. */
import { Type } from 'typebox'
import type { Api } from '../api.ts'
import type { Services } from '../services.ts'

const SETTINGS = '/api/v1/settings'

const Switches = Type.Object({
  crossDomain: Type.Boolean({
    description: 'Users of different domains of this system see and write to each other.',
  }),
})
const SettingsBody = Type.Object({
  ...Switches.properties,
  sameSystem: Type.Enum(['allow', 'confirm', 'block'], {
    description:
      'What holds for users of this system where no rule decides: the option authorization.sameSystem.',
  }),
})

export function settingsRoutes(app: Api, { access }: Services): void {
  app.get(
    SETTINGS,
    { schema: { summary: 'What is switched how', response: { 200: SettingsBody } } },
    () => settings(access),
  )

  app.patch(
    SETTINGS,
    {
      schema: {
        summary: 'Switch something, for everybody and at once',
        body: Type.Object(Switches.properties, { additionalProperties: false }),
        response: { 200: SettingsBody },
      },
    },
    async (request) => {
      const { crossDomain } = request.body
      request.subject = `crossDomain ${crossDomain ? 'on' : 'off'}`
      await access.setCrossDomain(crossDomain)
      return settings(access)
    },
  )
}

function settings({ crossDomain, sameSystem }: Services['access']) {
  return { crossDomain, sameSystem }
}
