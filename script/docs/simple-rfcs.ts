/** What a complete presence server for SIP/SIMPLE obeys, and what of each is not here: every one of them has a test. */

export interface SimpleRfc {
  readonly rfc: number
  readonly title: string
  readonly status: 'complete' | 'partial'
  /** What is missing, or why. */
  readonly remark?: string
}

export const SIMPLE_RFCS: readonly SimpleRfc[] = [
  { rfc: 2782, title: 'DNS SRV', status: 'complete' },
  {
    rfc: 3261,
    title: 'SIP: Session Initiation Protocol',
    status: 'partial',
    remark: 'calls are relayed, not taken; one device rings, nothing forks or redirects',
  },
  {
    rfc: 3263,
    title: 'Locating SIP Servers',
    status: 'complete',
    remark: 'a UDP target that is gone is noticed by its silence',
  },
  { rfc: 3325, title: 'P-Asserted-Identity', status: 'complete' },
  { rfc: 3327, title: 'Path', status: 'complete' },
  { rfc: 3428, title: 'MESSAGE', status: 'complete' },
  {
    rfc: 3515,
    title: 'REFER',
    status: 'partial',
    remark:
      'taken of users, to send MESSAGE to people of this system; all else is refused with 603',
  },
  { rfc: 3581, title: 'Symmetric Response Routing (rport)', status: 'complete' },
  { rfc: 3680, title: 'Registration Event Package', status: 'complete' },
  { rfc: 3842, title: 'Message Summary Event Package', status: 'complete' },
  { rfc: 3856, title: 'Presence Event Package', status: 'complete' },
  {
    rfc: 3857,
    title: 'Watcher Information Event Package',
    status: 'partial',
    remark: 'the presentity alone; no `winfo.winfo`',
  },
  { rfc: 3858, title: 'Watcher Information Format', status: 'complete' },
  { rfc: 3859, title: 'Common Profile for Presence (pres: URI)', status: 'complete' },
  {
    rfc: 3861,
    title: 'Address Resolution for Instant Messaging and Presence',
    status: 'complete',
  },
  {
    rfc: 3862,
    title: 'Common Presence and Instant Messaging: Message Format',
    status: 'partial',
    remark: 'no S/MIME; language tags are passed over',
  },
  { rfc: 3863, title: 'Presence Information Data Format (PIDF)', status: 'complete' },
  {
    rfc: 3892,
    title: 'Referred-By',
    status: 'partial',
    remark: 'who refers is believed as he is authenticated; no signed tokens',
  },
  { rfc: 3903, title: 'PUBLISH', status: 'complete' },
  { rfc: 3994, title: 'Indication of Message Composition', status: 'complete' },
  { rfc: 4235, title: 'INVITE-Initiated Dialog Event Package', status: 'complete' },
  { rfc: 4475, title: 'SIP Torture Test Messages', status: 'complete' },
  { rfc: 4479, title: 'A Data Model for Presence', status: 'complete' },
  { rfc: 4480, title: 'Rich Presence Extensions to PIDF (RPID)', status: 'complete' },
  { rfc: 4481, title: 'Timed Presence', status: 'complete' },
  { rfc: 4482, title: 'Contact Information in Presence (CIPID)', status: 'complete' },
  { rfc: 4488, title: 'Suppression of the Implicit Subscription of REFER', status: 'complete' },
  { rfc: 4660, title: 'Event Notification Filtering', status: 'complete' },
  { rfc: 4661, title: 'XML Format for Event Notification Filtering', status: 'complete' },
  {
    rfc: 4662,
    title: 'Event Notification Extension for Resource Lists',
    status: 'partial',
    remark:
      'members of other domains have no instance; where names alone fill a NOTIFY, the full state comes in parts',
  },
  { rfc: 4745, title: 'Common Policy', status: 'complete' },
  { rfc: 4825, title: 'XCAP', status: 'complete' },
  { rfc: 4826, title: 'XML Formats for Resource Lists', status: 'complete' },
  { rfc: 4827, title: 'XCAP Usage for Manipulating Presence Documents', status: 'complete' },
  { rfc: 5025, title: 'Presence Authorization Rules', status: 'complete' },
  { rfc: 5118, title: 'SIP Torture Test Messages for IPv6', status: 'complete' },
  { rfc: 5196, title: 'User Agent Capability Extension to PIDF', status: 'complete' },
  {
    rfc: 5261,
    title: 'XML Patch Operations',
    status: 'partial',
    remark: 'no `id()`, comments or instructions; namespace declarations are not changed',
  },
  { rfc: 5262, title: 'PIDF Extension for Partial Presence', status: 'complete' },
  { rfc: 5263, title: 'Partial Notification of Presence', status: 'complete' },
  { rfc: 5264, title: 'Publication of Partial Presence', status: 'complete' },
  { rfc: 5364, title: 'Copy Control in Resource Lists', status: 'complete' },
  {
    rfc: 5365,
    title: 'MESSAGE to Many Recipients',
    status: 'partial',
    remark: 'no S/MIME; header fields in the URIs of a list are not used',
  },
  {
    rfc: 5367,
    title: 'Subscriptions to Request-Contained Resource Lists',
    status: 'complete',
    remark: 'a refresh may bring another list, where §5.1 has none',
  },
  {
    rfc: 5393,
    title: 'Amplification in SIP Proxies: Loop Detection, Max-Breadth',
    status: 'complete',
  },
  {
    rfc: 5438,
    title: 'Instant Message Disposition Notification (IMDN)',
    status: 'partial',
    remark: 'notices about the copies of a list are not aggregated',
  },
  { rfc: 5626, title: 'Managing Client-Initiated Connections (Outbound)', status: 'complete' },
  { rfc: 5627, title: 'GRUU', status: 'complete' },
  { rfc: 5628, title: 'Registration Event Package and GRUU', status: 'complete' },
  { rfc: 5658, title: 'Record-Route for Proxies with Several Addresses', status: 'complete' },
  { rfc: 5839, title: 'Conditional Event Notification', status: 'complete' },
  { rfc: 5874, title: 'XCAP Diff Format', status: 'complete' },
  {
    rfc: 5875,
    title: 'XCAP Diff Event Package',
    status: 'complete',
    remark: 'a user’s own documents; after a NOTIFY that nobody answered all is told anew',
  },
  { rfc: 5922, title: 'Domain Certificates in SIP', status: 'complete' },
  { rfc: 5923, title: 'Connection Reuse in SIP', status: 'complete' },
  { rfc: 6446, title: 'Event Notification Rate Control', status: 'complete' },
  {
    rfc: 6665,
    title: 'SIP-Specific Event Notification',
    status: 'partial',
    remark:
      'one subscription a dialog; our Contact is no GRUU; a NOTIFY that nobody answers is tried again',
  },
  {
    rfc: 7118,
    title: 'WebSocket as a Transport for SIP',
    status: 'complete',
    remark: 'as a server: WebSockets are taken, none is opened',
  },
  { rfc: 7614, title: 'Explicit Subscriptions for REFER', status: 'complete' },
  { rfc: 7984, title: 'Locating SIP Servers in a Dual-Stack IP Network', status: 'complete' },
  {
    rfc: 8489,
    title: 'STUN',
    status: 'partial',
    remark: 'Binding requests without credentials, as RFC 5626 has them for keep-alives',
  },
]
