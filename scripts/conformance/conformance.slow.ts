// `pnpm conformance` in small, and that it fails when a program draws wrong catastrophes.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { brokenTexts } from './broken.ts'
import { runConformance, type Asked } from './run.ts'

const small: Asked = { wasm: 4_000_000, webgpu: 0, reference: 2_000_000, rootSeed: 'small', texts: {} }

describe('conformance', { timeout: 600_000 }, () => {
  test('finds the engines equal', async () => {
    const said: string[] = []
    const { compared, differences } = await runConformance({ ...small, webgpu: 100_000 }, (line) => said.push(line))
    expect(differences).toEqual([])
    expect(compared, said.join('\n')).toBeGreaterThan(20)
  })

  test('names the shards that a broken program gets wrong, and those alone', async () => {
    const said: string[] = []
    const { compared, differences } = await runConformance(
      { ...small, wasm: 0, texts: brokenTexts('catastrophe') },
      (line) => said.push(line),
    )
    expect(differences.length).toBeGreaterThan(0)
    expect(differences.length).toBeLessThan(compared)
    for (const difference of differences) {
      expect(difference).toMatch(
        /^.+, \w.*, shard \d+ \(\d+ years from \d+\): wasm [0-9a-f]{64}, reference [0-9a-f]{64}$/,
      )
    }
    expect(said.join('\n')).toContain(`DIFFERENT ${differences[0]}`)
  })

  test('ends with 1 when it has compared nothing', async () => {
    const script = fileURLToPath(new URL('../conformance.ts', import.meta.url))
    const nothing = ['--wasm', '0', '--webgpu', '0', '--reference', '0']
    const running = promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...nothing])
    await expect(running).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('0 shards compared') })
  })
})
