// A credit note among the notices of a job.
import { expect, test } from 'vitest'
import { MICRO_PER_CREDIT as OF_THE_PRICE } from '@forge/shared/billing/price.ts'
import { creditNoteOf, MICRO_PER_CREDIT } from './credit-note.tsx'

test('its exact credits and its reason are read; other notices are none', () => {
  const detail = { micro_credits: '420000', reason: 'The answer came late.' }
  expect(creditNoteOf({ kind: 'credit-note', detail })).toEqual({ microCredits: 420_000n, reason: detail.reason })
  expect(creditNoteOf({ kind: 'integrity', detail })).toBeNull()
  expect(creditNoteOf({ kind: 'credit-note', detail: {} })).toBeNull()
})

test('a credit has as many micro-credits as in the price', () => expect(BigInt(MICRO_PER_CREDIT)).toBe(OF_THE_PRICE))
