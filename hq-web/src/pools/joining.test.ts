// What HQ gives to copy is what the agents' page reads.
import { expect, test } from 'vitest'
import { readOptions } from '@forge/agent-web/src/options.ts'
import { commandOf, linkOf } from './joining.ts'

const token = `ntk_${'0123456789abcdef'.repeat(4).slice(0, 56)}`

test.each([['in-house'], [null]])('the page that is opened by the link joins the pool %s', (pool) => {
  const { search, hash, origin } = new URL(linkOf('https://pool.example', pool, token))
  expect(origin).toBe('https://pool.example')
  expect(readOptions(search, 8, hash)).toMatchObject({ token, pool: pool ?? undefined, mistakes: [] })
})

test('the command says address and token', () => {
  expect(commandOf('https://pool.example', token)).toBe(
    `FORGE_AGENT_TOKEN=${token} npx --yes pnpm@10.34.9 agent --url https://pool.example`,
  )
})
