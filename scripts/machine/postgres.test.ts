// The machine's own check: the PostgreSQL from npm starts, keeps its rows over a restart and a crash, and is gone after a stop.

import postgres from 'postgres'
import { expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'

test('rows outlive a restart and a crash', { timeout: 60_000 }, async () => {
  const server = await startPostgres({ fsync: true })
  const ask = async (query: string) => {
    const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
    const rows = await sql.unsafe(query)
    await sql.end()
    return [...rows]
  }
  try {
    expect(await ask('select 1 as one')).toEqual([{ one: 1 }])
    await ask('create table kept (n int)')
    await ask('insert into kept values (7)')
    await server.restart()
    expect(await ask('select n from kept')).toEqual([{ n: 7 }])
    await ask('insert into kept values (8)')
    server.kill()
    await server.restart()
    expect(await ask('select n from kept order by n')).toEqual([{ n: 7 }, { n: 8 }])
  } finally {
    await server.stop()
  }
  await expect(ask('select 1')).rejects.toThrow('ECONNREFUSED')
})
