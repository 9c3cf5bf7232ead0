export interface AdministratorsTable {
  name: string
  /** In a format of its writer's (the admin API's) choosing; never the password. */
  password_hash: string
  role: string
  created_at: number
  last_sign_in_at: number | null
}
