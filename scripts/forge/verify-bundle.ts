// `pnpm forge verify`: reads a bundle, has it checked and says line by line what was proved, what is wrong and what stays
// open. The check itself is shared with browsers; here are the file, the engine and the dice.
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { jobIdSchema } from '@forge/shared/contract/ids.ts'
import { parseStrictJson } from '@forge/shared/exact/strict-json.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { checkBundle } from '@forge/shared/receipt/check-bundle.ts'
import { verdictOf } from '@forge/shared/receipt/verdict.ts'
import { keysOfList, signedKeyListSchema, type SigningKey } from '@forge/shared/receipt/keys.ts'
import { receiptSchema } from '@forge/shared/receipt/receipt.ts'

/** It could not be looked at; the message is for whoever asked. */
export class CannotVerify extends Error {
  override readonly name = 'CannotVerify'
}

const ENGINES: Readonly<Record<string, () => Engine>> = {
  wasm: () => createWasmEngine(artifacts),
  reference: () => createReferenceEngine(artifacts),
}
const SHARDS_DEFAULT = '20'
const MARKS = { proved: 'proved ', wrong: 'WRONG  ', unshown: 'open   ' } as const

/** How many things are wrong. */
export async function verifyBundle(args: readonly string[], tell: (line: string) => void): Promise<number> {
  const { file, shards, makeEngine, keysFile } = argumentsOf(args)
  const bundle = await jsonOf(file)
  const instead = notABundle(bundle)
  if (instead !== null) throw new CannotVerify(`${file} ${instead}.`)
  const keys = keysFile === undefined ? null : await keysOf(keysFile)
  const engine = makeEngine()
  try {
    const checked = await checkBundle(bundle, { keys, engine, shards, draw: (of) => randomInt(of) })
    for (const { name, is, says } of checked) tell(`${MARKS[is]} ${name}: ${says}`)
    const wrong = checked.filter(({ is }) => is === 'wrong').length
    const verdict = verdictOf(checked)
    if (verdict === 'wrong') tell(`${wrong} wrong.`)
    else tell(verdict === 'good' ? 'Nothing is wrong.' : 'Nothing was run again; nothing is wrong in the documents.')
    return wrong
  } finally {
    engine.close()
  }
}

function argumentsOf(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        shards: { type: 'string', default: SHARDS_DEFAULT },
        engine: { type: 'string', default: 'wasm' },
        keys: { type: 'string' },
      },
    })
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new CannotVerify('Name one file: the bundle.')
    if (!/^\d{1,9}$/.test(values.shards)) throw new CannotVerify(`--shards is "${values.shards}", not a count.`)
    const makeEngine = Object.hasOwn(ENGINES, values.engine) ? ENGINES[values.engine] : undefined
    if (makeEngine === undefined) throw new CannotVerify(`--engine is "${values.engine}", not wasm or reference.`)
    return { file, shards: Number(values.shards), makeEngine, keysFile: values.keys }
  } catch (error) {
    if (error instanceof CannotVerify) throw error
    throw new CannotVerify(error instanceof Error ? error.message : String(error))
  }
}

const receiptFile = z.object({ body: z.object({ format: receiptSchema.shape.format, job_id: z.string() }) })
const keyListFile = z.object({ body: z.object({ format: signedKeyListSchema.shape.body.shape.format }) })
const answerFile = z.object({ job_id: z.string(), hub: z.unknown() })

/** What a file is that one gets from the same server, and what to fetch in its place; null for what may be a bundle. */
function notABundle(file: unknown): string | null {
  const receipt = receiptFile.safeParse(file).data
  if (receipt !== undefined) return `is a receipt alone, not a bundle: ${fetched(receipt.body.job_id)}`
  if (keyListFile.safeParse(file).success)
    return 'is a list of keys, not a bundle: give it behind --keys, beside a bundle'
  const answer = answerFile.safeParse(file).data
  return answer === undefined ? null : `is the answer of a job, not a bundle: ${fetched(answer.job_id)}`
}

/** An id that is none is not said: the file may say anything. */
const fetched = (jobId: string): string =>
  `fetch GET /api/v0/jobs/${jobIdSchema.safeParse(jobId).data ?? '{id}'}/bundle, which has all that checking it needs`

/** Strictly: of a field that is there twice another reader may take the other one, and it would be checked for neither. */
async function jsonOf(file: string): Promise<unknown> {
  const parsed = parseStrictJson(await textOf(file))
  if ('value' in parsed) return parsed.value
  const { path, message } = parsed.fault
  throw new CannotVerify(`${file} cannot be read: ${path.length === 0 ? '' : `${path.join('.')}: `}${message}.`)
}

async function textOf(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file))
  } catch (error) {
    throw new CannotVerify(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function keysOf(file: string): Promise<readonly SigningKey[]> {
  const keys = keysOfList(await jsonOf(file))
  if (typeof keys === 'string') throw new CannotVerify(`${file}: ${keys}.`)
  return keys
}
