// On whose connection a statement is asked, over a driver that writes it down.
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { createEngine, type Driver, type Query } from './engine.ts'
import { transaction } from './transaction.ts'

function driver(answer: (text: string) => Promise<unknown[][]> = () => Promise.resolve([])) {
  const asked: string[] = []
  const on =
    (connection: string): Query =>
    (text) => {
      asked.push(`${connection}: ${text}`)
      return answer(text)
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

test('reads travel with begin, and whatever writes waits for it', async () => {
  let begun = (): void => undefined
  const beginning = new Promise<unknown[][]>((resolve) => (begun = () => resolve([])))
  const { asked, engine } = driver((text) => (text === 'begin' ? beginning : Promise.resolve([])))
  let isRead = (): void => undefined
  const read = new Promise<void>((resolve) => (isRead = resolve))
  const done = engine.transaction(async (db) => {
    await Promise.all([db.execute(sql`select 1`).then(isRead), db.execute(sql`with w as (insert) select`)])
    await db.execute(sql`update`)
  })
  await read
  expect(asked).toEqual(['lane: begin', 'lane: select 1'])
  begun()
  await done
  expect(asked.slice(2)).toEqual(['lane: with w as (insert) select', 'lane: update', 'lane: commit'])
})

test('where begin fails nothing is written, nothing committed, and its error is told', async () => {
  const failed = Object.assign(new Error('no transaction here'), { code: '25006' })
  const { asked, engine } = driver((text) => (text === 'begin' ? Promise.reject(failed) : Promise.resolve([])))
  const writing = engine.transaction(async (db) => {
    await db.execute(sql`select 1`)
    await db.execute(sql`insert`)
  })
  await expect(writing).rejects.toBe(failed)
  await expect(engine.transaction((db) => db.execute(sql`select 2`))).rejects.toBe(failed)
  expect(asked).toEqual(['lane: begin', 'lane: select 1', 'lane: begin', 'lane: select 2'])
})
