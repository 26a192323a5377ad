// What a client takes home: after the answer the receipt is there, the ledger says what the answer says, and the bundle is
// proved far from the server by the command that the README names.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleOf } from '@forge/server/receipt/bundle.ts'
import { jobIdSchema } from '@forge/shared/contract/ids.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { smallContract } from './support/contract.ts'
import { startPool, type Pool } from './support/pool.ts'

const FORGE = fileURLToPath(new URL('../scripts/forge.ts', import.meta.url))
let pool: Pool
let folder: string
beforeAll(async () => {
  pool = await startPool({ FORGE_REFEREE: 'on' })
  folder = await mkdtemp(path.join(tmpdir(), 'forge-bundle-'))
})
afterAll(async () => {
  await pool?.close()
  await rm(folder, { recursive: true, force: true })
})

test('credits are the same in answer, ledger and receipt, and the bundle is proved without the server', async () => {
  await pool.agents({ engine: 'wasm' })
  const answer = await pool.client.run(smallContract())
  const { store, sealer } = pool.server
  const id = jobIdSchema.parse(answer.job_id)
  const receipt = await sealer.receiptOf(id)
  expect(receipt?.body.billing).toMatchObject(answer.billing)
  const settled = (await store.transactionsOf(id)).find(({ kind }) => kind === 'settle')
  expect(JSON.parse(settled?.detail ?? '')).toEqual({ state: 'COMPLETED', price: receipt?.body.billing.micro_credits })

  const files = { bundle: path.join(folder, 'bundle.json'), keys: path.join(folder, 'forge-keys.json') }
  await writeFile(files.bundle, JSON.stringify(await bundleOf(id, { store, sealer })))
  await writeFile(files.keys, JSON.stringify(await sealer.keys()))
  const child = spawn(process.execPath, ['--import', 'tsx', FORGE, 'verify', files.bundle, '--keys', files.keys])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  expect(said).toMatch(/^proved {2}shards: 9 of 9, run again on wasm/m)
  expect(said).toMatch(/^proved {2}output: 9 partials reduce to the output$/m)
  expect(said).not.toMatch(/^WRONG/m)
  expect(code).toBe(0)
})
