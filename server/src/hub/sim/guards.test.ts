// Keeps the table of guards true: each guard's text stands in its file, once. That some seed fails without it is shown by
// guards.slow.ts.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { GUARDS } from './guards.ts'

it.each(GUARDS)('"$name" stands in $file once', ({ file, guard, without }) => {
  const source = readFileSync(path.resolve(import.meta.dirname, '../core', file), 'utf8')
  const message = 'Write the guard into sim/guards-*.ts as it reads now, and run pnpm sim --guards all --write.'
  expect(source.split(guard), message).toHaveLength(2)
  expect(without).not.toBe(guard)
})

it('names each guard once', () => {
  expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length)
})
