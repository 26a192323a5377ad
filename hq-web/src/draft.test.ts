// What is kept of a form that was not sent: what differs from the empty one, for the same build alone.
import { expect, test } from 'vitest'
import { draftOf, keepDraft, keepOnlyDraftsOf } from './draft.ts'

function tab() {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}
const FIRST = { text: '', ttl: '' }

test('what was typed comes back, and nothing is kept of an empty form', () => {
  const storage = tab()
  keepDraft(storage, 'a', { text: '{"n": 1', ttl: '' }, FIRST)
  expect(draftOf(storage, 'a')).toEqual({ text: '{"n": 1', ttl: '' })
  expect(draftOf(storage, 'b')).toBeNull()
  keepDraft(storage, 'a', FIRST, FIRST)
  expect(storage.kept.size).toBe(0)
})

test('what another build kept, or nobody of ours, is no draft', () => {
  const storage = tab()
  keepDraft(storage, 'a', { text: 'x', ttl: '' }, FIRST, 'before')
  expect(draftOf(storage, 'a', 'now')).toBeNull()
  expect(draftOf(storage, 'a', 'before')).toEqual({ text: 'x', ttl: '' })
  for (const value of ['', '{', '7', '{"build":"now"}', '{"build":"now","value":7}', '{"build":"now","value":"{"}']) {
    storage.setItem('a', value)
    expect(draftOf(storage, 'a', 'now')).toBeNull()
  }
})

test('a tab that has no room keeps nothing, and the form goes on', () => {
  const full = {
    ...tab(),
    setItem() {
      throw new DOMException('full', 'QuotaExceededError')
    },
  }
  expect(() => keepDraft(full, 'a', { text: 'x', ttl: '' }, FIRST)).not.toThrow()
})

test('who signs in finds the drafts of that project alone, and none of another build stays', () => {
  const kept = { other: 'not a draft' } as Record<string, string>
  const storage = {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => void (kept[key] = value),
    removeItem: (key: string) => void delete kept[key],
  }
  const all = new Proxy(storage, {
    ownKeys: () => Object.keys(kept),
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  }) as unknown as Storage
  for (const key of ['hq-draft p1 kv', 'hq-draft p2 kv', 'hq-draft p10 kv']) keepDraft(all, key, { text: 'x' }, FIRST)
  keepDraft(all, 'hq-draft p1 old', { text: 'x' }, FIRST, 'before')
  keepOnlyDraftsOf('p1', all)
  expect(Object.keys(kept)).toEqual(['other', 'hq-draft p1 kv'])
  keepOnlyDraftsOf(undefined, all)
  expect(Object.keys(kept)).toEqual(['other'])
})
