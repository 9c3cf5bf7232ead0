import { address, choice, optionalText } from '../option.ts'
import { records } from '../records.ts'

export const sipListenersOption = records(
  {
    name: optionalText({ doc: 'What it is called where the server speaks of it.' }),
    transport: choice(['udp', 'tcp', 'tls'], { default: 'udp', doc: 'What is spoken there.' }),
    address: address({ default: 'off', doc: 'Where it listens.' }),
  },
  {
    doc: 'More listeners for SIP, beside `listen.sipUdp`, `listen.sipTcp` and `listen.sipTls`: for other addresses and ports.',
    item: 'listener',
    max: 100,
    required: ['name', 'transport', 'address'],
  },
)
