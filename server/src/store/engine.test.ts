// On whose connection a statement is asked, over a driver that writes it down.
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { createEngine, type Driver, type Query } from './engine.ts'
import { transaction } from './transaction.ts'

function driver() {
  const asked: string[] = []
  const on =
    (connection: string): Query =>
    async (text) => {
      asked.push(`${connection}: ${text}`)
      return []
    }
  const made: Driver = {
    query: on('reader'),
    lanes: 1,
    begin: (work) => transaction(on('lane'), work),
    session: () => {
      throw new Error('none is asked for')
    },
    close: () => Promise.resolve(),
  }
  return { asked, engine: createEngine(made) }
}

test('a statement that is returned and not waited for belongs to its transaction as well', async () => {
  const { asked, engine } = driver()
  // Drizzle asks it when somebody waits for it.
  await engine.transaction((db) => db.execute(sql`insert`))
  await engine.run((db) => db.execute(sql`select`))
  expect(asked).toEqual(['lane: begin', 'lane: insert', 'lane: commit', 'reader: select'])
})

test('what goes on behind the end of its transaction is refused by it', async () => {
  const { asked, engine } = driver()
  let goOn = (): void => undefined
  const over = new Promise<void>((resolve) => (goOn = resolve))
  let late: Promise<unknown> = Promise.resolve()
  await engine.transaction(async (db) => {
    late = over.then(() => db.execute(sql`late`)).catch((error: unknown) => (error as Error).cause ?? error)
    await db.execute(sql`insert`)
  })
  goOn()
  expect(String(await late)).toContain('this transaction is over')
  expect(asked).toEqual(['lane: begin', 'lane: insert', 'lane: commit'])
})
