// Mutants of the reference, in TypeScript: the definition itself, what reads tables, and the generator. Bundled in
// memory, with one file's text replaced.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { toBase64, utf8 } from '@forge/shared/exact/bytes.ts'
import type { KernelArtifact } from '@forge/shared/kernels/artifact.ts'
import { artifact } from '@forge/shared/kernels/mc.insurance.v1/artifact.ts'
import { build } from 'vite'
import type { Case } from '../conformance/case.ts'
import { firstDifference, FOLDER, inOrder, uncompiled, type Source, type Subject } from './subject.ts'

const ENTRY = `${FOLDER}/reference.ts`
const RARE_LINES = /refine|catHigh|catLow|WIDE|wide/i
const SOURCES: readonly Omit<Source, 'text'>[] = [
  { file: ENTRY, tail: { owners: ['tail', 'wideYears', 'min'], lines: RARE_LINES } },
  {
    file: 'shared/src/distributions/lognormal-quantile.ts',
    // Not what bounds a table's values: that is the planner's.
    only: [
      'OCTAVES',
      'SEGMENTS',
      'ROW_WORDS',
      'REFINED_OCTAVE',
      'needsRefinement',
      'quantileFromTable',
      'wideQuantileFromTable',
      'placeOf',
      'rowValue',
      'wideRowValue',
      'signedHigh',
      'wordAt',
    ],
    tail: {
      owners: ['REFINED_OCTAVE', 'needsRefinement', 'wideQuantileFromTable', 'placeOf', 'wideRowValue'],
      lines: RARE_LINES,
    },
  },
  {
    file: 'shared/src/distributions/poisson-threshold.ts',
    only: ['GUIDE', 'SENTINEL', 'countFromTable'],
    tail: { owners: ['SENTINEL'], lines: RARE_LINES },
  },
  { file: 'shared/src/exact/philox.ts', tail: { owners: [], lines: RARE_LINES } },
  {
    file: `${FOLDER}/histogram.ts`,
    only: ['binsOf', 'binOf', 'narrowBinOf'],
    tail: { owners: ['binOf'], lines: RARE_LINES },
  },
]

export function referenceSubject(root: string, all: readonly Case[]): Subject {
  const sources = SOURCES.map((source) => ({ ...source, text: readFileSync(path.join(root, source.file), 'utf8') }))
  const cases = inOrder(all)
  let right: Promise<string> | undefined
  return {
    sources,
    async attempt(file, changed, alive) {
      alive()
      const code = await bundled(root, file, changed).catch((error: unknown) => uncompiled(error))
      if (typeof code !== 'string') return code
      right ??= bundled(root, '', '')
      // A mutated type leaves nothing in the program.
      const isRight = sources.some((source) => source.file === file && source.text === changed)
      if (code === (await right) && !isRight) return { kind: 'same' }
      const loaded: Pick<KernelArtifact, 'reference'> | Error = await import(
        `data:text/javascript;base64,${toBase64(utf8(code))}`
      ).catch((error: unknown) => new Error(String(error)))
      if (loaded instanceof Error) return uncompiled(loaded)
      return firstDifference(createReferenceEngine([{ ...artifact, reference: loaded.reference }]), cases, alive)
    },
  }
}

async function bundled(root: string, file: string, text: string): Promise<string> {
  const built = await build({
    configFile: false,
    root,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        enforce: 'pre',
        load: (id) => (file !== '' && id === path.join(root, file) ? text : null),
      },
    ],
    build: {
      write: false,
      minify: false,
      target: 'esnext',
      lib: { entry: path.join(root, ENTRY), formats: ['es'], fileName: 'reference' },
    },
  })
  const output = Array.isArray(built) ? built.flatMap((each) => each.output) : 'output' in built ? built.output : []
  const [chunk] = output
  if (chunk?.type !== 'chunk') throw new TypeError('the bundler gave no code')
  return chunk.code
}
