// `pnpm mutation`: whether the vectors and the random launches would notice a wrong program. Each engine's source is
// changed in one place after another; who survives must be explained in docs/mutations.md, else it ends with 1. Digests of
// programs play no part: they would kill every mutant and show nothing.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { insuranceCase } from '@forge/shared/kernels/mc.insurance.v1/insurance.case.ts'
import { conformanceCases } from './conformance/cases.ts'
import { runEngine, told } from './mutation/run.ts'
import { ENGINES, ROOT, type EngineToMutate } from './mutation/subject.ts'
import { survivorsOf } from './mutation/survivors.ts'
import { tryWords } from './mutation/table-words.ts'

const { values } = parseArgs({
  options: {
    /** One of the engines, or `tables`; all of them where it is absent. */
    engine: { type: 'string', multiple: true, default: [...ENGINES, 'tables'] },
    /** Of each engine. */
    mutants: { type: 'string', default: '200' },
    /** Chooses mutants and random launches. */
    seed: { type: 'string', default: '1' },
    /** Also tells what random launches kill and no vector does. */
    unseen: { type: 'boolean', default: false },
  },
})

function numberOf(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new Error(`--${name} is a whole number, not ${text}`)
}

const isEngine = (name: string): name is EngineToMutate => ENGINES.some((engine) => engine === name)

async function main(): Promise<number> {
  const [mutants, seed] = [numberOf('mutants', values.mutants), numberOf('seed', values.seed)]
  const known = survivorsOf(readFileSync(path.join(ROOT, 'docs/mutations.md'), 'utf8'))
  const cases = await conformanceCases(insuranceCase, seed)
  console.log(`seed ${seed}: ${cases.length} vectors and other cases are asked`)
  let unexplained = 0
  for (const engine of values.engine) {
    if (engine === 'tables') {
      const { tables, words, unseen, seenByAnswers } = await tryWords(cases, mutants, seed)
      console.log(`tables: ${words} words of ${tables} tables, ${words - unseen.length} seen by the table's digest;`)
      console.log(`  the answers of the vectors alone would see ${seenByAnswers}`)
      for (const word of unseen) console.log(`  SURVIVED ${word}`)
      unexplained += unseen.length
      continue
    }
    if (!isEngine(engine)) throw new Error(`--engine is one of ${ENGINES.join(', ')}, tables; not ${engine}`)
    const run = await runEngine(engine, { mutants, seed, cases }, (line) => console.log(line))
    const [text, left] = told(run, known, values)
    console.log(text)
    unexplained += left.length
  }
  if (unexplained > 0) console.log(`${unexplained} survivors are not explained: close the hole, or explain it.`)
  return unexplained > 0 ? 1 : 0
}

process.exit(await main())
