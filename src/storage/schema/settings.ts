export interface SettingsTable {
  key: string
  /** JSON. */
  value: string
  updated_at: number
}
