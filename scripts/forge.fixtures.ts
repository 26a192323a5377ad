// `pnpm forge` as its user runs it: a process of its own, its exit code and what it says.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const FORGE = fileURLToPath(new URL('forge.ts', import.meta.url))

/** With the embedded store of `dataDir`. */
export async function forge(args: readonly string[], dataDir: string): Promise<{ code: number | null; said: string }> {
  const { DATABASE_URL: _, ...env } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', FORGE, ...args], {
    env: { ...env, FORGE_DATA_DIR: dataDir },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, said: said.trim() }
}
