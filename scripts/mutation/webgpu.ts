// Mutants of the WGSL, on Dawn's software adapter. A file is part of several programs, and one takes seconds to compile,
// so they are tried one after another until one gives itself away.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { EngineError } from '@forge/shared/agent/engines/engine.ts'
import { createWebGpuEngine, type WebGpuEngine } from '@forge/shared/agent/engines/webgpu-engine.ts'
import { artifact } from '@forge/shared/kernels/mc.insurance.v1/artifact.ts'
import * as generated from '@forge/shared/kernels/mc.insurance.v1/engines.gen.ts'
import { wgslVariants } from '@forge/shared/kernels/mc.insurance.v1/variants.ts'
import type { Case } from '../conformance/case.ts'
import { withTexts } from '../conformance/engine-kind.ts'
import { dawnGpu } from '../machine/dawn.ts'
import {
  firstDifference,
  FOLDER,
  inOrder,
  programNamed,
  uncompiled,
  type Outcome,
  type Source,
  type Subject,
} from './subject.ts'

/** Files of which every line is rarely reached, or of one program in two. */
const RARE_FILES = /\.(?:wide|tail)\.wgsl$/
const RARE_OWNERS = ['REFINE', 'CATASTROPHE']
const RARE_LINES = /refine|REFINE|CATASTROPHE|cat_high|cat_low/

export function webgpuSubject(root: string, all: readonly Case[]): Subject {
  const files = [...new Set(wgslVariants.flatMap(({ parts }) => parts))]
  const sources = files.map((name): Source => {
    const file = `${FOLDER}/${name}`
    const lines = RARE_FILES.test(file) ? /./ : RARE_LINES
    return { file, text: readFileSync(path.join(root, file), 'utf8'), tail: { owners: RARE_OWNERS, lines } }
  })
  const textOf = new Map(sources.map(({ file, text }) => [file, text]))
  const cases = inOrder(all)
  return {
    sources,
    async attempt(changed, text, alive) {
      let outcome: Outcome = { kind: 'survived' }
      for (const { name, parts } of wgslVariants) {
        const own = parts.map((part) => `${FOLDER}/${part}`)
        if (!own.includes(changed)) continue
        const joined = own.map((file) => (file === changed ? text : textOf.get(file))).join('\n')
        const { digest } = programNamed(generated, name)
        const ownCases = cases.filter(({ launch }) => artifact.programs[launch.program]?.wgsl.digest === digest)
        alive()
        const engine = await opened(withTexts([artifact], { [digest]: joined }))
        try {
          const [first] = ownCases
          // The first load compiles.
          if (first !== undefined) (await engine.load(artifact.name, first.launch)).close()
          outcome = await firstDifference(engine, ownCases, alive)
        } catch (error) {
          if (!(error instanceof EngineError)) throw error
          return uncompiled(error)
        } finally {
          engine.close()
        }
        if (outcome.kind === 'killed') return outcome
      }
      return outcome
    },
  }
}

async function opened(artifacts: readonly (typeof artifact)[]): Promise<WebGpuEngine> {
  const why: string[] = []
  const gpu = await dawnGpu((line) => why.push(line))
  if (gpu === null) throw new Error(why.join(' '))
  return createWebGpuEngine(gpu, artifacts)
}
