// Some random histories of money, in PGlite; histories.slow.ts and histories-more.slow.ts live 5,000 each on Postgres.
import { test } from 'vitest'
import { testHistories } from './histories.case.ts'
import { Crashing } from './crashing.fixtures.ts'

test('25 histories', { timeout: 120_000 }, async () => testHistories(await Crashing.inMemory(), 25))
