/** When the last client of a user left. */
export interface LastActivityTable {
  account: string
  left_at: number
  /** What it said when it left; empty where nothing. */
  status: string
}
