/** XML that a user keeps with the server: his vCard, and what his clients keep for themselves. */
export interface PersonalDataTable {
  account: string
  /** `vcard` or `private`. */
  kind: string
  /** Which of a kind: `{namespace}name`; empty where there is one only. */
  name: string
  xml: string
}
