// What a client takes home: after the answer the receipt is there, the ledger says what the answer says, and the bundle is
// proved far from the server by the commands that the README names: what comes over HTTP is all that is needed.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { jobIdSchema } from '@forge/shared/contract/ids.ts'
import { inclusionProofSchema, isIncluded } from '@forge/shared/receipt/proof.ts'
import { signedReceiptSchema } from '@forge/shared/receipt/receipt.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { startPool, type Pool } from './support/pool.ts'

const FORGE = fileURLToPath(new URL('../scripts/forge.ts', import.meta.url))
const proofAnswerSchema = z.object({ proof: inclusionProofSchema })
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

/** The body, as curl would write it to a file. */
async function fetched(address: string): Promise<string> {
  const response = await fetch(pool.url + address, { headers: { authorization: `Bearer ${API_KEY}` } })
  expect(response.status).toBe(200)
  return response.text()
}

test('credits are the same in answer, ledger and receipt, and the bundle is proved without the server', async () => {
  await pool.agents({ engine: 'wasm' })
  const answer = await pool.client.run(smallContract())
  const id = jobIdSchema.parse(answer.job_id)
  const receipt = signedReceiptSchema.parse(JSON.parse(await fetched(`/api/v0/jobs/${id}/receipt`)))
  expect(receipt.body.billing).toMatchObject(answer.billing)
  const settled = (await pool.server.store.transactionsOf(id)).find(({ kind }) => kind === 'settle')
  expect(JSON.parse(settled?.detail ?? '')).toEqual({ state: 'COMPLETED', price: receipt.body.billing.micro_credits })
  const { proof } = proofAnswerSchema.parse(JSON.parse(await fetched(`/api/v0/jobs/${id}/shards/8/proof`)))
  expect(isIncluded(proof)).toBe(true)
  expect(proof.merkle_root).toBe(receipt.body.result?.merkle_root)

  const files = { bundle: path.join(folder, 'bundle.json'), keys: path.join(folder, 'forge-keys.json') }
  await writeFile(files.bundle, await fetched(`/api/v0/jobs/${id}/bundle`))
  await writeFile(files.keys, await fetched('/.well-known/forge-keys.json'))
  const child = spawn(process.execPath, ['--import', 'tsx', FORGE, 'verify', files.bundle, '--keys', files.keys])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  expect(said).toMatch(/^proved {2}shards: 9 of 9, run again on wasm/m)
  expect(said).toMatch(/^proved {2}output: 9 partials reduce to the output$/m)
  expect(said).not.toMatch(/^WRONG/m)
  expect(code).toBe(0)
})
