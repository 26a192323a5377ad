// What the terminal shows at start: a command that can be pasted, with the founding request in it, and the key once.
import { expect, test } from 'vitest'
import { foundingText } from './test-app.ts'
import { localUrl, startText } from './start-text.ts'

test('the command carries the founding request as printed', () => {
  const text = startText({ url: 'http://127.0.0.1:8080', madeKey: 'fpak_made', keyConfigured: false })
  const body = /-d '(.*)'/.exec(text)?.[1] ?? ''
  expect(JSON.parse(body)).toEqual(JSON.parse(foundingText))
  expect(text).toContain('curl -X POST http://127.0.0.1:8080/api/v0/ops/execute')
  expect(text).toContain('-H "Authorization: Bearer fpak_made"')
})

test('a key that was not made now is not shown', () => {
  for (const keyConfigured of [true, false]) {
    expect(startText({ url: 'http://x', madeKey: null, keyConfigured })).toContain('Bearer $FORGE_API_KEY"')
  }
})

test.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://localhost:80'],
  ['::', 'http://localhost:80'],
  ['::1', 'http://[::1]:80'],
])('%s is reached at %s', (host, url) => {
  expect(localUrl(host, 80)).toBe(url)
})
