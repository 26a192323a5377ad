// Tables by content: compiled once, and there for whoever asks while they are still being compiled.
import { afterEach, expect, test } from 'vitest'
import { digest } from '@forge/shared/exact/digest.ts'
import type { TableSpec } from '@forge/shared/kernels/kernel.ts'
import { bytesToWords, utf8 } from '@forge/shared/exact/bytes.ts'
import { compileTable, tableDigest } from '@forge/shared/distributions/table.ts'
import { createTables, type Tables } from './tables.ts'

const spec: TableSpec = { kind: 'poisson-threshold.v1', rate: 2 }

const opened: Tables[] = []
afterEach(async () => {
  for (const tables of opened.splice(0)) await tables.close()
})

function freshTables(): Tables {
  const tables = createTables({ table: async () => null, tableByDigest: async () => null, putTable: async () => {} })
  opened.push(tables)
  return tables
}

test('who asks by digest while the table is compiled waits for it', async () => {
  const expected = compileTable(spec).words
  const tables = freshTables()
  const compiling = tables.compiled(spec)
  const bytes = await tables.bytes(tableDigest(expected))
  expect(bytesToWords(bytes ?? new Uint8Array())).toEqual(expected)
  expect((await compiling).words).toEqual(expected)
})

test('a digest that is nobody’s is null, now and after all that is compiled', async () => {
  const tables = freshTables()
  const nobodys = digest('partial.v1', utf8('no table'))
  expect(await tables.bytes(nobodys)).toBeNull()
  const compiling = tables.compiled(spec)
  expect(await tables.bytes(nobodys)).toBeNull()
  await compiling
})
