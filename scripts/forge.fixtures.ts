// `pnpm forge` as its user meets it: a process of its own, its exit code and what it says. It is bundled once, for a loader of
// TypeScript takes each process a second of work; test/receipt.e2e.ts runs it as `pnpm forge` does.
import { typescriptProcess } from '@forge/server/typescript-process.ts'

const FORGE = new URL('forge.ts', import.meta.url)

/** With the embedded store of `dataDir`. */
export async function forge(args: readonly string[], dataDir: string): Promise<{ code: number | null; said: string }> {
  const { DATABASE_URL: _, ...env } = process.env
  const child = await typescriptProcess(FORGE, args, {
    env: { ...env, FORGE_DATA_DIR: dataDir },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, said: said.trim() }
}
