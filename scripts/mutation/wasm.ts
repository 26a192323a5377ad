// Mutants of the AssemblyScript, scalar or SIMD. A source makes several programs: each is compiled and run, until one
// gives itself away.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { toBase64 } from '@forge/shared/exact/bytes.ts'
import type { Program } from '@forge/shared/kernels/artifact.ts'
import { artifact } from '@forge/shared/kernels/mc.insurance.v1/artifact.ts'
import * as generated from '@forge/shared/kernels/mc.insurance.v1/engines.gen.ts'
import { wasmVariants } from '@forge/shared/kernels/mc.insurance.v1/variants.ts'
import type { WasmVariant } from '@forge/shared/kernels/variant.ts'
import asc from 'assemblyscript/asc'
import type { Case } from '../conformance/case.ts'
import { openEngine, withTexts } from '../conformance/engine-kind.ts'
import { philox, philox8 } from '../gen/philox-rounds.ts'
import {
  firstDifference,
  FOLDER,
  inOrder,
  nameOf,
  programNamed,
  uncompiled,
  type Outcome,
  type Subject,
} from './subject.ts'

/** The published programs are -O3; -O1 computes the same and is compiled three times as fast. */
const QUICK = '-O1'
const THOROUGH = '-O3'

const SOURCES = {
  scalar: {
    file: 'kernel.as.ts',
    owners: [
      'classify',
      'addOneByOne',
      'addPayment',
      'claimValue',
      'refinedRunningSums',
      'addCatastrophes',
      'countWideYears',
      'listYears',
      'addWide',
      'refinedValue',
      'drawRare',
    ],
  },
  simd: {
    file: 'kernel.simd.as.ts',
    owners: [
      'classify',
      'addCatastrophes',
      'mark',
      'redoMarked',
      'plainYear',
      'plainCombined',
      'plainQuantile',
      'drawPlain',
      'listYears',
    ],
  },
} as const
/** Wherever it stands: what only wide, tail, rare or refined years execute. */
const RARE_LINES = /WIDE|TAIL|REFINE|CATASTROPHE|LISTED|refine|catHigh|catLow|selected/

/** Its text is what it writes, so lines are counted there. */
const ROUNDS = 'scripts/gen/philox-rounds.ts'

export function wasmSubject(root: string, kind: 'scalar' | 'simd', all: readonly Case[]): Subject {
  const { file, owners } = SOURCES[kind]
  const [own, variants] = [`${FOLDER}/${file}`, wasmVariants.filter(({ source }) => source === file)]
  const texts = new Map([
    [ROUNDS, philox() + (kind === 'simd' ? philox8() : '')],
    [own, readFileSync(path.join(root, own), 'utf8')],
  ])
  const whole = (changed: string, text: string): string =>
    [...texts].map(([name, right]) => (name === changed ? text : right)).join('')
  const right = whole('', '')
  const cases = inOrder(all)
  const names = new Map<string, Promise<string>>()
  const rightName = (variant: WasmVariant, level: string): Promise<string> => {
    const key = `${variant.name} ${level}`
    const known = names.get(key) ?? assembled(right, variant, level).then(nameOf)
    names.set(key, known)
    return known
  }
  const tail = { owners, lines: RARE_LINES }
  return {
    sources: [...texts].map(([name, text]) => ({ file: name, text, tail, ...(name === ROUNDS ? { share: 0.1 } : {}) })),
    async attempt(changed, text, alive) {
      const source = whole(changed, text)
      let outcome: Outcome = { kind: 'same' }
      const unproved: WasmVariant[] = []
      for (const variant of variants) {
        alive()
        const known = await rightName(variant, QUICK)
        alive()
        const module = await assembled(source, variant, QUICK).catch((error: unknown) => uncompiled(error))
        if ('kind' in module) return module
        if (nameOf(module) === known && source !== right) continue
        unproved.push(variant)
        outcome = await ran(kind, variant, module, cases, alive)
        if (outcome.kind === 'killed') return outcome
      }
      if (source === right) return outcome
      // What the better compiler makes the same of is equivalent, and nobody has to think about it.
      for (const variant of unproved) {
        alive()
        if ((await rightName(variant, THOROUGH)) !== nameOf(await assembled(source, variant, THOROUGH))) return outcome
      }
      return { kind: 'same' }
    },
  }
}

async function ran(
  kind: 'scalar' | 'simd',
  { name }: WasmVariant,
  module: Uint8Array,
  cases: readonly Case[],
  alive: () => void,
): Promise<Outcome> {
  const program = programNamed(generated, name)
  const engine = await openEngine(kind, withTexts([artifact], { [program.digest]: toBase64(module) }), undefined)
  try {
    return await firstDifference(
      engine,
      cases.filter(({ launch }) => runs(program, launch.program)),
      alive,
    )
  } finally {
    engine.close()
  }
}

function runs({ digest }: Program, name: string): boolean {
  const program = artifact.programs[name]
  return program?.wasm.digest === digest || program?.wasmSimd?.digest === digest
}

/** As scripts/gen/assembly.ts does it, from a text and with a level of its own. */
async function assembled(source: string, variant: WasmVariant, level: string): Promise<Uint8Array> {
  const memory = ['--initialMemory', `${variant.pages}`, '--maximumMemory', `${variant.pages}`]
  const options = [level, '--runtime', 'stub', '--noAssert', '--noColors', ...memory]
  const simd = variant.simd ? ['--enable', 'simd'] : []
  let wasm: Uint8Array | undefined
  const { error, stderr } = await asc.main(['mutant.ts', '--outFile', 'mutant.wasm', ...options, ...simd], {
    readFile: (name) => (name === 'mutant.ts' ? variant.prelude + source : null),
    listFiles: () => [],
    writeFile(_, contents) {
      if (typeof contents !== 'string') wasm = contents
    },
  })
  if (error !== null || wasm === undefined) throw new Error(stderr.toString().trim() || String(error))
  return wasm
}
