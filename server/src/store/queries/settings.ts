// Settings: a name and a text, each put once and never changed.
import { eq } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { settings } from '../schema.ts'

export async function setting(db: Db, name: string): Promise<string | null> {
  const [row] = await db.select().from(settings).where(eq(settings.name, name))
  return row?.value ?? null
}

/** Two that put at once wait for each other at the primary key; the later one then reads what the earlier one put. */
export async function settingOrPut(db: Db, name: string, value: string): Promise<string> {
  const [put] = await db.insert(settings).values({ name, value }).onConflictDoNothing().returning()
  return put?.value ?? (await setting(db, name)) ?? value
}
